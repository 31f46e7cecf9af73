// SPDX-License-Identifier: 0BSD
// A handler of messages of another type.
// gcc: 'ump::handler<logger>::flow handler::post\(int\)' marked 'override', but does not override
// clang: marked 'override' hides virtual member function
#include "servers.hpp"

class handler : public ump::handler<logger>
{
#ifdef WRONG
	flow post(int) override
	{
		return ump::go_on;
	}
#else
	flow post(std::string) override
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
