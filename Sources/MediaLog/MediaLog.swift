// MediaLog
