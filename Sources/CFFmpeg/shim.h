#include <features.h>
#include <sys/select.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// Swift imports neither macros that compute nor those with casts.
static inline int cffmpeg_end_of_file(void) { return AVERROR_EOF; }
