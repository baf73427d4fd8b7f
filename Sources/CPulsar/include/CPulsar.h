#ifndef MILLRACE_CPULSAR_H
#define MILLRACE_CPULSAR_H

#include <stddef.h>
#include <stdint.h>

// The functions of libpulsar's C API (Apache Pulsar C++ client 3.x, include/pulsar/c) that the bridge calls. The library
// comes without headers where it is found, and is loaded at run time: nothing is linked.

#pragma clang assume_nonnull begin

typedef struct _pulsar_client_configuration pulsar_client_configuration_t;
typedef struct _pulsar_authentication pulsar_authentication_t;
typedef struct _pulsar_client pulsar_client_t;
typedef struct _pulsar_consumer_configuration pulsar_consumer_configuration_t;
typedef struct _pulsar_consumer pulsar_consumer_t;
typedef struct _pulsar_messages pulsar_messages_t;
typedef struct _pulsar_message pulsar_message_t;
typedef struct _pulsar_message_id pulsar_message_id_t;

// pulsar_result, as far as it is told apart.
enum { CPULSAR_OK = 0, CPULSAR_TIMEOUT = 3, CPULSAR_ALREADY_CLOSED = 15 };
// pulsar_consumer_type, initial_position, pulsar_logger_level_t
enum { CPULSAR_KEY_SHARED = 3 };
enum { CPULSAR_LATEST = 0, CPULSAR_EARLIEST = 1 };
enum { CPULSAR_DEBUG = 0, CPULSAR_INFO = 1, CPULSAR_WARN = 2, CPULSAR_ERROR = 3 };

// pulsar_consumer_batch_receive_policy_t: whichever bound is met first.
struct cpulsar_batch_policy {
  int messages;
  long bytes;
  long milliseconds;
};

typedef void (*cpulsar_logger)(int level, const char *file, int line, const char *message, void *_Nullable context);

// Each is `pulsar_` and its name here.
struct cpulsar {
  pulsar_client_configuration_t *_Nonnull (*_Nonnull client_configuration_create)(void);
  void (*_Nonnull client_configuration_free)(pulsar_client_configuration_t *);
  void (*_Nonnull client_configuration_set_auth)(pulsar_client_configuration_t *, pulsar_authentication_t *);
  void (*_Nonnull client_configuration_set_logger)(pulsar_client_configuration_t *, cpulsar_logger, void *_Nullable context);
  void (*_Nonnull client_configuration_set_operation_timeout_seconds)(pulsar_client_configuration_t *, int);
  void (*_Nonnull client_configuration_set_tls_trust_certs_file_path)(pulsar_client_configuration_t *, const char *);
  void (*_Nonnull client_configuration_set_tls_allow_insecure_connection)(pulsar_client_configuration_t *, int);
  void (*_Nonnull client_configuration_set_validate_hostname)(pulsar_client_configuration_t *, int);
  pulsar_authentication_t *_Nonnull (*_Nonnull authentication_token_create)(const char *token);
  void (*_Nonnull authentication_free)(pulsar_authentication_t *);
  pulsar_client_t *_Nullable (*_Nonnull client_create)(const char *url, const pulsar_client_configuration_t *);
  int (*_Nonnull client_subscribe)(pulsar_client_t *, const char *topic, const char *subscription,
                          const pulsar_consumer_configuration_t *, pulsar_consumer_t *_Nullable *_Nonnull);
  int (*_Nonnull client_close)(pulsar_client_t *);
  void (*_Nonnull client_free)(pulsar_client_t *);
  pulsar_consumer_configuration_t *_Nonnull (*_Nonnull consumer_configuration_create)(void);
  void (*_Nonnull consumer_configuration_free)(pulsar_consumer_configuration_t *);
  void (*_Nonnull consumer_configuration_set_consumer_type)(pulsar_consumer_configuration_t *, int);
  void (*_Nonnull consumer_configuration_set_receiver_queue_size)(pulsar_consumer_configuration_t *, int);
  int (*_Nonnull consumer_configuration_set_batch_receive_policy)(pulsar_consumer_configuration_t *,
                                                         const struct cpulsar_batch_policy *);
  void (*_Nonnull consumer_set_max_total_receiver_queue_size_across_partitions)(pulsar_consumer_configuration_t *, int);
  void (*_Nonnull consumer_set_consumer_name)(pulsar_consumer_configuration_t *, const char *);
  void (*_Nonnull consumer_set_subscription_initial_position)(pulsar_consumer_configuration_t *, int);
  int (*_Nonnull consumer_batch_receive)(pulsar_consumer_t *, pulsar_messages_t *_Nullable *_Nonnull);
  int (*_Nonnull consumer_acknowledge_id)(pulsar_consumer_t *, pulsar_message_id_t *);
  int (*_Nonnull consumer_close)(pulsar_consumer_t *);
  void (*_Nonnull consumer_free)(pulsar_consumer_t *);
  size_t (*_Nonnull messages_size)(pulsar_messages_t *);
  pulsar_message_t *_Nonnull (*_Nonnull messages_get)(pulsar_messages_t *, size_t);  // belongs to the messages
  void (*_Nonnull messages_free)(pulsar_messages_t *);
  const void *_Nullable (*_Nonnull message_get_data)(pulsar_message_t *);
  uint32_t (*_Nonnull message_get_length)(pulsar_message_t *);
  pulsar_message_id_t *_Nonnull (*_Nonnull message_get_message_id)(pulsar_message_t *);  // the caller's
  const char *_Nullable (*_Nonnull message_get_topic_name)(pulsar_message_t *);
  uint64_t (*_Nonnull message_get_publish_timestamp)(pulsar_message_t *);  // ms
  int (*_Nonnull message_has_partition_key)(pulsar_message_t *);
  int (*_Nonnull message_has_ordering_key)(pulsar_message_t *);
  char *_Nullable (*_Nonnull message_id_str)(pulsar_message_id_t *);  // free(3)
  void (*_Nonnull message_id_free)(pulsar_message_id_t *);
  const char *_Nonnull (*_Nonnull result_str)(int);
};

// Loads the library at `path` (a name without a slash is searched as dlopen(3) does). Its symbols are its own: it carries
// an OpenSSL, a curl and a zlib that are not this program's (RTLD_LOCAL, RTLD_DEEPBIND). It stays for the life of the
// process. NULL: `problem`, of `size` bytes, says why.
const struct cpulsar *_Nullable cpulsar_load(const char *path, char *problem, size_t size);

// Whether a sanitizer is in this build; those end a process that asks for RTLD_DEEPBIND, so nothing is loaded.
int cpulsar_is_sanitized(void);

#pragma clang assume_nonnull end

#endif
