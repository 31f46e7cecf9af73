/* SPDX-License-Identifier: 0BSD */
/* tool: asan */
/*
 * A callable for an answer captures a variable of its function by reference, and is called after
 * that has returned.  The completion queue keeps the callable until the answer is retrieved.
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

[[gnu::noinline]] static bool ask(
	ump::client<doubling> &client, ump::completions &answers, int number)
{
	int factor = number + 1;
	auto sent = client.request_completion(number, answers, [&factor](ump::result<int> twice) {
		std::printf("%d\n", factor * twice.value()); /* here */
	});

	return sent.has_value();
}

int main()
{
	auto server = ump::spawn_thread(std::make_unique<doubler>());
	auto answers = ump::open_completions();

	if (!server || !answers || !ask(server->client, *answers, 3))
		return 1;
	return answers->wait() ? 0 : 1;
}
