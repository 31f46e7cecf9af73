// SPDX-License-Identifier: 0BSD
// A handler without a request() for a server that takes requests.
// gcc: invalid new-expression of abstract class type 'handler'
// clang: allocating an object of abstract class type 'handler'
#include "servers.hpp"

class handler : public ump::handler<clerk>
{
#ifdef WRONG

#else
	flow request(std::string, reply_context) override
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
