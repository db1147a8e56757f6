/* main.c - mydocker-oci: an OCI runtime with runc's command line. */
#include "runc.h"
#include "self.h"

int
main(int argc, char **argv)
{
	self_begin();
	return runc_main(argc, argv);
}
