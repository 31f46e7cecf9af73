// SPDX-License-Identifier: 0BSD
// Initializers that name some members, and `= {0}`, must give no warning.
#include "ump_server.hpp"

struct named : ump::protocol<int> {
};

bool named_config();

bool named_config()
{
	ump_config bounded = {.capacity = 8};
	ump_config nested = {.request = {.size = 4}, .budget = 3};
	ump_config zero = {0};
	ump_config none;
	ump_type type = {.size = 4};
	ump_handler handler = {.self = &type};
	ump_completion completion = {0};
	ump_stats stats = {0};
	auto channel = ump::open_channel<named>({.capacity = 8});

	return bounded.budget == 0 && nested.capacity == 0 && zero.capacity == 0 &&
	       none.capacity == 0 && none.request.drop == nullptr && handler.post == nullptr &&
	       completion.reply == nullptr && !stats.closed && channel;
}
