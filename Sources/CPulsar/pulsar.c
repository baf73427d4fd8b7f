#define _GNU_SOURCE
#include "CPulsar.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

int cpulsar_is_sanitized(void) { return SANITIZED; }

static void *library(const char *path, char *problem, size_t size) {
  if (SANITIZED) {
    snprintf(problem, size, "a build with a sanitizer cannot load it: RTLD_DEEPBIND");
    return NULL;
  }
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (!handle) snprintf(problem, size, "%s", dlerror());
  return handle;
}

// Answers the first name that the library does not have; NULL: all are there.
static const char *fill(void *handle, struct cpulsar *table) {
#define LOAD(name) \
  if (!(table->name = (__typeof__(table->name))dlsym(handle, "pulsar_" #name))) return "pulsar_" #name
  LOAD(client_configuration_create);
  LOAD(client_configuration_free);
  LOAD(client_configuration_set_auth);
  LOAD(client_configuration_set_logger);
  LOAD(client_configuration_set_operation_timeout_seconds);
  LOAD(client_configuration_set_tls_trust_certs_file_path);
  LOAD(client_configuration_set_tls_allow_insecure_connection);
  LOAD(client_configuration_set_validate_hostname);
  LOAD(authentication_token_create);
  LOAD(authentication_free);
  LOAD(client_create);
  LOAD(client_subscribe);
  LOAD(client_close);
  LOAD(client_free);
  LOAD(consumer_configuration_create);
  LOAD(consumer_configuration_free);
  LOAD(consumer_configuration_set_consumer_type);
  LOAD(consumer_configuration_set_receiver_queue_size);
  LOAD(consumer_configuration_set_batch_receive_policy);
  LOAD(consumer_set_max_total_receiver_queue_size_across_partitions);
  LOAD(consumer_set_consumer_name);
  LOAD(consumer_set_subscription_initial_position);
  LOAD(consumer_batch_receive);
  LOAD(consumer_acknowledge_id);
  LOAD(consumer_close);
  LOAD(consumer_free);
  LOAD(messages_size);
  LOAD(messages_get);
  LOAD(messages_free);
  LOAD(message_get_data);
  LOAD(message_get_length);
  LOAD(message_get_message_id);
  LOAD(message_get_topic_name);
  LOAD(message_get_publish_timestamp);
  LOAD(message_has_partition_key);
  LOAD(message_has_ordering_key);
  LOAD(message_id_str);
  LOAD(message_id_free);
  LOAD(result_str);
#undef LOAD
  return NULL;
}

const struct cpulsar *cpulsar_load(const char *path, char *problem, size_t size) {
  void *handle = library(path, problem, size);
  if (!handle) return NULL;
  struct cpulsar *table = calloc(1, sizeof *table);
  const char *missing = table ? fill(handle, table) : "memory";
  if (!missing) return table;
  snprintf(problem, size, "it has no function %s", missing);
  free(table);
  dlclose(handle);
  return NULL;
}
