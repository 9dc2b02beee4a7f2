// A reader of JSON: as much of one as a small extension carries along.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

// json is a value. The members of an array or object are a list.
typedef struct json {
  json_kind kind;
  char *name;  // within an object
  char *text;  // of a string
  double number;
  struct json *first, *next;
} json;

// json_read parses a text. It returns NULL for what is no JSON.
json *json_read(const char *text, size_t length);
void json_free(json *value);

// json_member returns the member of a name, NULL for none.
const json *json_member(const json *object, const char *name);
// json_text and json_number return a member's value, and "" and 0 when there is none of that kind.
const char *json_text(const json *object, const char *name);
double json_number(const json *object, const char *name);
