/* SPDX-License-Identifier: 0BSD */
/* A program that reads a file, which the simulator cannot do. */
#include <fcntl.h>

static int load(const char *name)
{
	return open(name, O_RDONLY);
}

int main(void)
{
	return load("settings") < 0;
}
