// The work as a plug-in of Extism: export "work", and "empty" beside it, which does nothing. Reaching into Extism's memory
// goes as in its own C PDK: eight bytes a call, the rest one by one.
#include <stdlib.h>
#include <string.h>

#include "work.h"

#define ENV(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define USER(name) __attribute__((import_module("extism:host/user"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

// A place in Extism's memory.
typedef uint64_t place;

ENV("input_length") uint64_t input_length(void);
ENV("input_load_u8") uint32_t input_load_u8(place at);
ENV("input_load_u64") uint64_t input_load_u64(place at);
ENV("length") uint64_t length_at(place at);
ENV("alloc") place alloc(uint64_t size);
ENV("free") void free_at(place at);
ENV("load_u8") uint32_t load_u8(place at);
ENV("load_u64") uint64_t load_u64(place at);
ENV("store_u8") void store_u8(place at, uint32_t value);
ENV("store_u64") void store_u64(place at, uint64_t value);
ENV("log_info") void log_info(place at);

// The functions that Airlock's guests have, as host functions of an Extism host.
USER("interrupted") uint32_t interrupted(void);
USER("progress") void progress(float fraction, place text);
USER("add_items") void add_items(int64_t count);
USER("checkpoint") uint32_t checkpoint(place state);
USER("call") place call(place method, place payload);

// put copies a text into Extism's memory.
static place put(const char *text, size_t length) {
  place at = alloc(length);
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t eight;
    memcpy(&eight, text + i, 8);
    store_u64(at + i, eight);
  }
  for (; i < length; i++) store_u8(at + i, (uint8_t)text[i]);
  return at;
}

// taken copies a text out of Extism's memory, and frees it there.
static char *taken(place at, size_t *length) {
  size_t n = (size_t)length_at(at), i = 0;
  char *text = malloc(n + 1);
  if (!text) return NULL;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight = load_u64(at + i);
    memcpy(text + i, &eight, 8);
  }
  for (; i < n; i++) text[i] = (char)load_u8(at + i);
  free_at(at);
  *length = n;
  return text;
}

uint32_t host_interrupted(void) { return interrupted(); }
void host_add_items(int64_t count) { add_items(count); }

void host_log(const char *text, size_t length) {
  place at = put(text, length);
  log_info(at);
  free_at(at);
}

void host_progress(float fraction, const char *text, size_t length) {
  place at = put(text, length);
  progress(fraction, at);
  free_at(at);
}

int host_checkpoint(const char *state, size_t length) {
  place at = put(state, length);
  int answer = (int)checkpoint(at);
  free_at(at);
  return answer;
}

char *host_call(const char *method, const char *payload, size_t length, size_t *answer_length) {
  place name = put(method, strlen(method)), data = put(payload, length);
  place answer = call(name, data);
  free_at(name);
  free_at(data);
  return answer ? taken(answer, answer_length) : NULL;
}

EXPORT("work") int export_work(void) {
  size_t n = (size_t)input_length(), i = 0;
  char *order = malloc(n + 1);
  if (!order) return 2;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight = input_load_u64(i);
    memcpy(order + i, &eight, 8);
  }
  for (; i < n; i++) order[i] = (char)input_load_u8(i);
  int code = work(order, n);
  free(order);
  return code;
}

EXPORT("empty") int export_empty(void) { return 0; }
