#include "json.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *at, *end;
} reader;

static const int max_depth = 32;

static void skip_space(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

static bool take(reader *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static bool take_word(reader *r, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
  r->at += n;
  return true;
}

static int hex(reader *r) {
  int value = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    if (r->at == r->end) return -1;
    char c = *r->at;
    if (c >= '0' && c <= '9') value = value * 16 + c - '0';
    else if (c >= 'a' && c <= 'f') value = value * 16 + c - 'a' + 10;
    else if (c >= 'A' && c <= 'F') value = value * 16 + c - 'A' + 10;
    else return -1;
  }
  return value;
}

static char *put_utf8(char *to, int code) {
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xC0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3F));
  } else {
    *to++ = (char)(0xE0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 0x3F));
    *to++ = (char)(0x80 | (code & 0x3F));
  }
  return to;
}

// read_string returns a string without its quotes and escapes, which makes none longer.
static char *read_string(reader *r) {
  if (!take(r, '"')) return NULL;
  const char *close = r->at;
  while (close < r->end && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= r->end) return NULL;
  char *text = malloc((size_t)(close - r->at) + 1), *to = text;
  while (text && r->at < close) {
    char c = *r->at++;
    if (c != '\\') {
      *to++ = c;
      continue;
    }
    c = *r->at++;
    const char *found = strchr("nrtbf", c);
    int code = c == 'u' ? hex(r) : 0;
    if (code < 0) {
      free(text);
      return NULL;
    }
    if (c == 'u') to = put_utf8(to, code);
    else *to++ = found && c ? "\n\r\t\b\f"[found - "nrtbf"] : c;
  }
  if (text) *to = 0;
  r->at = close + 1;
  return text;
}

static bool read_value(reader *r, json *value, int depth);

static bool read_members(reader *r, json *parent, char close, int depth) {
  if (take(r, close)) return true;
  json **last = &parent->first;
  do {
    json *member = calloc(1, sizeof *member);
    if (!member) return false;
    *last = member;
    last = &member->next;
    if (close == '}' && (!(member->name = read_string(r)) || !take(r, ':'))) return false;
    if (!read_value(r, member, depth + 1)) return false;
  } while (take(r, ','));
  return take(r, close);
}

static bool read_number(reader *r, json *value) {
  char digits[64];
  size_t n = 0;
  while (r->at + n < r->end && n < sizeof digits - 1 && strchr("+-.eE0123456789", r->at[n]) && r->at[n]) n++;
  memcpy(digits, r->at, n);
  digits[n] = 0;
  char *end;
  value->kind = JSON_NUMBER;
  value->number = strtod(digits, &end);
  r->at += end - digits;
  return end > digits;
}

static bool read_value(reader *r, json *value, int depth) {
  skip_space(r);
  if (r->at == r->end || depth > max_depth) return false;
  switch (*r->at) {
    case '{':
      r->at++;
      value->kind = JSON_OBJECT;
      return read_members(r, value, '}', depth);
    case '[':
      r->at++;
      value->kind = JSON_ARRAY;
      return read_members(r, value, ']', depth);
    case '"':
      value->kind = JSON_STRING;
      return (value->text = read_string(r)) != NULL;
    case 'n':
      return take_word(r, "null");
    case 't':
    case 'f':
      value->kind = JSON_BOOL;
      value->number = *r->at == 't';
      return take_word(r, value->number ? "true" : "false");
    default:
      return read_number(r, value);
  }
}

json *json_read(const char *text, size_t length) {
  reader r = {text, text + length};
  json *value = calloc(1, sizeof *value);
  if (!value) return NULL;
  bool ok = read_value(&r, value, 0);
  skip_space(&r);
  if (ok && r.at == r.end) return value;
  json_free(value);
  return NULL;
}

void json_free(json *value) {
  while (value) {
    json *next = value->next;
    json_free(value->first);
    free(value->name);
    free(value->text);
    free(value);
    value = next;
  }
}

const json *json_member(const json *object, const char *name) {
  for (const json *m = object ? object->first : NULL; m; m = m->next)
    if (m->name && strcmp(m->name, name) == 0) return m;
  return NULL;
}

const char *json_text(const json *object, const char *name) {
  const json *m = json_member(object, name);
  return m && m->kind == JSON_STRING ? m->text : "";
}

double json_number(const json *object, const char *name) {
  const json *m = json_member(object, name);
  return m && m->kind == JSON_NUMBER ? m->number : 0;
}
