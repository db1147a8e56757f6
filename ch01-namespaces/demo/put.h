/*
 * put.h - words that strangers chose, such as the name of a process or the path
 * of a mount, put where they can do no harm.
 *
 * Any process may call itself anything.  Whatever is no UTF-8 is shown as
 * U+FFFD, the replacement character.
 */
#ifndef PUT_H
#define PUT_H

#include <stdio.h>

/* For a terminal: control characters, too, become U+FFFD. */
void put_plain(FILE *out, const char *string);
/* For Graphviz's HTML-like labels, which are XML. */
void put_xml(FILE *out, const char *string);
/* A string of JSON, in its quotes (RFC 8259). */
void put_json(FILE *out, const char *string);

#endif
