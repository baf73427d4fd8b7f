// features.h comes first: event-config.h defines _GNU_SOURCE, and sys/select.h must have been seen without it.
#include <features.h>
#include <sys/select.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <event2/util.h>
