// The work as an extension of Airlock: job "work", and "empty" beside it, which does nothing.
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "work.h"

#define IMPORT(name) __attribute__((import_module("spacedrive"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("spacedrive_call")
char *spacedrive_call(const char *method, size_t method_length, const uint8_t *library, const char *payload, size_t length);
IMPORT("spacedrive_log") void spacedrive_log(int level, const char *text, size_t length);
IMPORT("register_job")
int register_job(const char *name, size_t name_length, const char *export, size_t export_length, int resumable);
IMPORT("job_report_progress") void job_report_progress(const uint8_t *job, float fraction, const char *text, size_t length);
IMPORT("job_checkpoint") int job_checkpoint(const uint8_t *job, const char *state, size_t length);
IMPORT("job_check_interrupt") uint32_t job_check_interrupt(const uint8_t *job);
IMPORT("job_increment_items") void job_increment_items(const uint8_t *job, int64_t count);

// job is the id of the running job.
static uint8_t job[16];

uint32_t host_interrupted(void) { return job_check_interrupt(job); }
void host_log(const char *text, size_t length) { spacedrive_log(1, text, length); }
void host_progress(float fraction, const char *text, size_t length) { job_report_progress(job, fraction, text, length); }
void host_add_items(int64_t count) { job_increment_items(job, count); }
int host_checkpoint(const char *state, size_t length) { return job_checkpoint(job, state, length); }

// An answer is its length, little-endian, and that many bytes.
char *host_call(const char *method, const char *payload, size_t length, size_t *answer_length) {
  char *answer = spacedrive_call(method, strlen(method), NULL, payload, length);
  if (!answer) return NULL;
  uint32_t n;
  memcpy(&n, answer, sizeof n);
  memmove(answer, answer + sizeof n, n);
  *answer_length = n;
  return answer;
}

EXPORT("wasm_alloc") void *wasm_alloc(size_t size) { return malloc(size); }
EXPORT("wasm_free") void wasm_free(void *memory, size_t size) {
  (void)size;
  free(memory);
}

static int registered(const char *name, const char *export) {
  return register_job(name, strlen(name), export, strlen(export), 0) == 0;
}

EXPORT("plugin_init") int plugin_init(void) {
  return registered("work", "execute_work") && registered("empty", "execute_empty") ? 0 : 1;
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

// read_id reads a UUID, hyphenated and in lower case.
static void read_id(const char *text) {
  for (size_t i = 0; i < sizeof job && text[0] && text[1];) {
    if (*text == '-') {
      text++;
      continue;
    }
    job[i++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
    text += 2;
  }
}

EXPORT("execute_work") int execute_work(const char *context, size_t context_length, const char *state, size_t state_length) {
  json *about = json_read(context, context_length);
  if (!about) return 2;
  read_id(json_text(about, "job_id"));
  json_free(about);
  return work(state, state_length);
}

EXPORT("execute_empty") int execute_empty(const char *context, size_t context_length, const char *state, size_t state_length) {
  (void)context, (void)context_length, (void)state, (void)state_length;
  return 0;
}
