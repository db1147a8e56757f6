/*
 * property.h - a property of a unit, as one text, into a message of D-Bus.
 *
 *	s	Slice system.slice
 *	b	Delegate true
 *	t	TasksMax 100
 *	u, i	the same of 32 bits, and with a sign; x: of 64 with one
 *	as	After a.service,b.service
 *	au	PIDs 7,8
 *	ay	AllowedCPUs 0300		(bytes, two digits each)
 *	a(ss)	DeviceAllow /dev/char/1:3 rwm,char-136 rwm
 *
 * That is "TYPE NAME VALUE", with one blank between them.
 */
#ifndef PROPERTY_H
#define PROPERTY_H

#include <systemd/sd-bus.h>

#include "base.h"

/* Append "(sv)": the name, and the value in a variant. */
int property_append(sd_bus_message *message, const char *property);

#endif
