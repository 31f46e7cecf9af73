/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A callable for an answer captures `this` of an object that is destroyed before the answer is
 * retrieved.  The completion queue keeps the callable, but nothing that it points to.
 */
#include <cstdio>
#include <memory>
#include <ump_server.hpp>

struct doubling : ump::protocol<int, int> {
};

class doubler : public ump::handler<doubling>
{
	flow request(int number, reply_context rc) override
	{
		(void)rc.reply(2 * number);
		return ump::go_on;
	}
};

class window
{
      public:
	bool ask(ump::client<doubling> &client, ump::completions &answers)
	{
		return client
			.request_completion(3, answers,
				[this](ump::result<int> twice) {
					shown_ = twice.value(); /* here */
				})
			.has_value();
	}

      private:
	int shown_ = 0;
};

int main()
{
	auto server = ump::spawn_thread(std::make_unique<doubler>());
	auto answers = ump::open_completions();
	auto shown = std::make_unique<window>();

	if (!server || !answers || !shown->ask(server->client, *answers))
		return 1;
	shown.reset();
	return answers->wait() ? 0 : 1;
}
