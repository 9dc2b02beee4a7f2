#include "work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

// text is what is written so far.
typedef struct {
  char *data;
  size_t length, room;
} text;

__attribute__((format(printf, 2, 3))) static void print(text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(t->data + t->length, t->room - t->length, format, arguments);
  va_end(arguments);
  if (n > 0) t->length += (size_t)n < t->room - t->length ? (size_t)n : t->room - t->length - 1;
}

static void print_string(text *t, const char *s) {
  print(t, "\"");
  for (; *s && t->length + 8 < t->room; s++) {
    if (*s == '"' || *s == '\\') t->data[t->length++] = '\\';
    if ((unsigned char)*s < ' ') print(t, "\\u%04x", *s);
    else t->data[t->length++] = *s;
  }
  print(t, "\"");
}

// write_invoice writes the invoice of an order and returns its total.
static double write_invoice(text *t, const json *order) {
  const json *items = json_member(order, "items");
  double total = 0;
  int line = 0;
  print(t, "{\"invoice\":");
  print_string(t, json_text(order, "order"));
  print(t, ",\"customer\":");
  print_string(t, json_text(json_member(order, "customer"), "name"));
  print(t, ",\"lines\":[");
  for (const json *item = items ? items->first : NULL; item; item = item->next) {
    double sum = json_number(item, "quantity") * json_number(item, "price");
    total += sum;
    print(t, "%s{\"line\":%d,\"sku\":", line ? "," : "", line + 1);
    print_string(t, json_text(item, "sku"));
    print(t, ",\"description\":");
    print_string(t, json_text(item, "description"));
    print(t, ",\"sum\":%.2f}", sum);
    line++;
  }
  print(t, "],\"total\":%.2f}", total);
  return total;
}

int work(const char *order_text, size_t length) {
  char message[128];
  int n;
  if (host_interrupted()) return 1;
  json *order = json_read(order_text, length);
  if (!order) return 2;
  n = snprintf(message, sizeof message, "order %.32s has %zu bytes", json_text(order, "order"), length);
  host_log(message, (size_t)n);

  text invoice = {malloc(2 * length + 256), 0, 2 * length + 256};
  if (!invoice.data) return 2;
  double total = write_invoice(&invoice, order);
  json_free(order);
  n = snprintf(message, sizeof message, "the total is %.2f", total);
  host_progress(0.5F, message, (size_t)n);

  size_t answer_length = 0;
  char *answer = host_call("query:test.ping", invoice.data, invoice.length, &answer_length);
  json *pong = answer ? json_read(answer, answer_length) : NULL;
  double answered = json_number(json_member(pong, "pong"), "total");
  free(answer);
  json_free(pong);

  int kept = host_checkpoint(invoice.data, invoice.length);
  free(invoice.data);
  host_add_items(1);
  host_progress(1, "done", 4);
  n = snprintf(message, sizeof message, "the host read a total of %.2f", answered);
  host_log(message, (size_t)n);
  double off = answered - total;
  return kept == 0 && off < 0.01 && off > -0.01 ? 0 : 2;
}
