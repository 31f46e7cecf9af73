// SPDX-License-Identifier: 0BSD
// Taking back a request that was copied.
// gcc: static assertion failed: a trivially copyable request was copied
// clang: static_?assert(ion)? failed.*a trivially copyable request was copied
#include "servers.hpp"

bool wrong(const ump::client<adder> &adds, const ump::client<clerk> &client, ump::completions &all);

bool wrong(const ump::client<adder> &adds, const ump::client<clerk> &client, ump::completions &all)
{
#ifdef WRONG
	return adds && client &&
	       adds.request_completion(
			   add{3, 7}, all, [](ump::result<std::string>, std::optional<add>) {})
		       .has_value();
#else
	return adds && client.request_completion("text", all,
				     [](ump::result<void>, std::optional<std::string>) {})
			       .has_value();
#endif
}
