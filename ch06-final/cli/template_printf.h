/*
 * template_printf.h - Go's fmt.Sprintf, over JSON values.
 */
#ifndef TEMPLATE_PRINTF_H
#define TEMPLATE_PRINTF_H

#include "template_node.h"

/*
 * %v %s %q %d %x %X %o %b %c %f %e %g %t %%, with the flags "-", "0" and "+",
 * a width and a precision.  A mistake is told in what is printed, as Go does:
 * "%!d(string=a)", "%!s(MISSING)", "%!(EXTRA int=1)".  Fresh memory.
 */
char *template_printf(const char *format, const struct value *arguments,
		      size_t count);

#endif
