// Transcoding
