// SPDX-License-Identifier: 0BSD
// A plugin in C++, where handles drop themselves.
#include "plugin.h"

#include <string>
#include <ump_server.hpp>

namespace
{

struct echo : ump::protocol<std::string, std::string> {
};

class answerer : public ump::handler<echo>
{
	flow request(std::string msg, reply_context rc) override
	{
		rc.reply(std::move(msg));
		return ump::go_on;
	}
};

} // namespace

int plugin_run()
{
	int sum = 0;

	for (int i = 0; i < 4; i++) {
		auto server = ump::spawn_thread(std::make_unique<answerer>());

		sum += std::stoi(*server->client.request("42"));
	}
	return sum;
}

int plugin_end()
{
	return ump::join_dropped().error().code();
}
