/* look.h - links by other means than the reader's: ioctl(2). */
#ifndef LOOK_H
#define LOOK_H

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "stop.h"

/* "kind=veth mac=02:42:... up=1", or "kind=- ..." for a link that is not
 * there. */
struct looks {
	char text[80];
};

static inline struct looks
look_at(const char *name)
{
	struct looks looks;
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(fd >= 0);
	snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	request.ifr_data = (void *)&driver;
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		strcpy(driver.driver, "-");
	unsigned char mac[6] = { 0 };
	if (ioctl(fd, SIOCGIFHWADDR, &request) == 0)
		memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
		  (request.ifr_flags & IFF_UP);
	close(fd);
	snprintf(looks.text, sizeof(looks.text),
		 "kind=%.16s mac=%02x:%02x:%02x:%02x:%02x:%02x up=%d",
		 driver.driver, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		 up);
	return looks;
}
#define LOOK(name) look_at(name).text

#endif
