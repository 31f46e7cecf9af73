/* SPDX-License-Identifier: 0BSD */
/* The configuration of the application, which may have been compiled for another version. */
#include "channel/channel.h"

#include <string.h>

/* Size of struct ump_config in the first version of the library. */
#define CONFIG_FIRST_SIZE (offsetof(struct ump_config, thread_pool) + sizeof(void *))
/* Limit of sizes: the sum of a size and of headers and alignment, or of two sizes, cannot
 * overflow. */
#define SIZE_LIMIT (SIZE_MAX / 8)

/* Return whether values may have the alignment `align`. */
static bool is_align(size_t align)
{
	return align <= UMP_ALIGN_MOST && (align & (align - 1)) == 0;
}

/* Return whether everything that `config` asks for is supported. */
static bool is_sound(const struct ump_config *config)
{
	if (config->request.size == 0 && config->post.size == 0)
		return false;
	if (config->capacity > UMP__PERMIT_MOST || config->slow_limit < 0 ||
		config->budget > UMP__PERMIT_MOST)
		return false;
#if SIZE_MAX > UINT32_MAX
	if (config->keep > UINT32_MAX)
		return false;
#endif
	if (!is_align(config->request_align) || !is_align(config->reply_align) ||
		!is_align(config->post_align))
		return false;
	return config->request.size <= SIZE_LIMIT && config->reply.size <= SIZE_LIMIT &&
	       config->post.size <= SIZE_LIMIT;
}

int ump__config_read(struct ump_config *to, const struct ump_config *from, size_t size)
{
	size_t known = size < sizeof *to ? size : sizeof *to;
	const unsigned char *bytes = (const unsigned char *)from;

	if (from == NULL || size < CONFIG_FIRST_SIZE)
		return UMP_INVALID;
	/* A newer caller may pass unknown fields, but they must be 0. */
	for (size_t i = known; i < size; i++) {
		if (bytes[i] != 0)
			return UMP_INVALID;
	}
	memset(to, 0, sizeof *to);
	memcpy(to, from, known);
	return is_sound(to) ? UMP_OK : UMP_INVALID;
}
