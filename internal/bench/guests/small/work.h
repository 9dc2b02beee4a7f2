// The work that is measured, and what it needs of a host. It is the same for Airlock and for Extism, which differ in how a
// guest reaches its host.
#pragma once
#include <stddef.h>
#include <stdint.h>

// work reads an order (JSON), adds it up, writes an invoice (JSON) and has the host look at it. It makes eight calls of the
// host. It returns 0, or 2 for an order that cannot be read or an answer that does not fit.
int work(const char *order, size_t length);

// What the host gives.
uint32_t host_interrupted(void);
void host_log(const char *text, size_t length);
void host_progress(float fraction, const char *text, size_t length);
void host_add_items(int64_t count);
int host_checkpoint(const char *state, size_t length);
// host_call returns the answer, which the caller frees, and NULL for none.
char *host_call(const char *method, const char *payload, size_t length, size_t *answer_length);
