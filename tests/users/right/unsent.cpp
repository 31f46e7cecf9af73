// SPDX-License-Identifier: 0BSD
// A server breaks while threads send it move-only requests.  Each request is handled, or comes back
// to its sender, which checks and changes it: at once, from the wait reply, or in a callable.
#include "check.h"

#include <memory>
#include <optional>
#include <thread>
#include <ump_server.hpp>
#include <vector>

constexpr int callers = 3;
constexpr int rounds = 30;

using owned = std::unique_ptr<long>;

struct fragile : ump::protocol<owned, long> {
};

class breaking : public ump::handler<fragile>
{
	flow request(owned msg, reply_context rc) override
	{
		long answer = ++*msg;

		if (++handled_ == 10)
			return ump::stop();
		rc.reply(answer);
		return ump::go_on;
	}

	int handled_ = 0;
};

static void check_back(const owned &msg)
{
	CHECK(msg != nullptr && *msg == 1);
	*msg = 0;
}

// Whatever the result, the request was handled or is here.
static void call(const ump::client<fragile> &client)
{
	auto msg = std::make_unique<long>(1);
	auto sum = client.request(std::move(msg));

	CHECK(sum ? *sum == 2 : sum.error() == UMP_SERVER_GONE || sum.error() == UMP_NO_REPLY);
	if (sum.error() == UMP_SERVER_GONE)
		check_back(msg);
}

static void call_later(const ump::client<fragile> &client)
{
	auto msg = std::make_unique<long>(1);
	auto waits = client.request_async(std::move(msg));

	if (!waits)
		return check_back(msg);
	auto sum = waits->wait();
	if (sum.error() == UMP_SERVER_GONE)
		check_back(*waits->take_back());
}

static void call_back(const ump::client<fragile> &client, ump::completions &answers)
{
	auto msg = std::make_unique<long>(1);
	auto sent = client.request_completion(
		std::move(msg), answers, [](ump::result<long> sum, std::optional<owned> back) {
			CHECK(back.has_value() == (sum.error() == UMP_SERVER_GONE));
			if (back)
				check_back(*back);
		});

	if (!sent)
		return check_back(msg);
	CHECK(answers.wait());
}

static void call_all(ump::client<fragile> client)
{
	auto answers = ump::open_completions();

	CHECK(answers);
	for (int i = 0; i < 5; i++) {
		call(client);
		call_later(client);
		call_back(client, *answers);
	}
}

int main()
{
	for (int i = 0; i < rounds; i++) {
		auto server = ump::spawn_thread(std::make_unique<breaking>());
		std::vector<std::thread> threads;

		CHECK(server);
		for (int j = 0; j < callers; j++)
			threads.emplace_back(call_all, std::move(*server->client.clone()));
		for (auto &thread : threads)
			thread.join();
		auto how = server->thread.join();
		CHECK(how && how->has_value());
	}
	return 0;
}
