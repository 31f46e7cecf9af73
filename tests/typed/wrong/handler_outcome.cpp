// SPDX-License-Identifier: 0BSD
// A handler that stops with a value that is not an outcome.
// gcc: could not convert .*'ump::stop_t<std.*basic_string.*' to 'ump::handler<adder>::flow'
// clang: no viable conversion from .*stop_t<std.* to function return type 'ump::handler<adder>
#include "servers.hpp"

class handler : public ump::handler<adder>
{
#ifdef WRONG
	flow post(std::string word) override
	{
		return ump::stop(word);
	}
	flow request(add, reply_context) override
	{
		return ump::go_on;
	}
#else
	flow post(std::string word) override
	{
		return ump::stop(word.size());
	}
	flow request(add, reply_context) override
	{
		return ump::go_on;
	}
#endif
};

bool wrong();

bool wrong()
{
	return ump::spawn_task(std::make_unique<handler>()).has_value();
}
