// SPDX-License-Identifier: 0BSD
// A callable that takes the value instead of the result.
// gcc: static assertion failed: the callable takes the answer: a ump::result of the
// clang: static_?assert(ion)? failed.*the callable takes the answer: a ump::result of the
#include "servers.hpp"

bool wrong(const ump::client<adder> &client, ump::completions &all);

bool wrong(const ump::client<adder> &client, ump::completions &all)
{
#ifdef WRONG
	return client.request_completion(add{3, 7}, all, [](std::string) {}).has_value();
#else
	return client.request_completion(add{3, 7}, all, [](ump::result<std::string>) {})
		.has_value();
#endif
}
