// SPDX-License-Identifier: 0BSD
// An event loop that sends requests to a server on a thread, in C++, and is a server itself.
#include <cstdio>
#include <memory>
#include <poll.h>
#include <string>
#include <ump_server.hpp>

// Measures words, slowly.
struct ruler : ump::protocol<std::string, std::size_t> {
};
// Receives progress reports; an empty text is the end.
struct display : ump::protocol<ump::none, ump::none, std::string> {
};

class screen : public ump::handler<display>
{
	flow post(std::string line) override
	{
		if (line.empty())
			return ump::stop();
		std::printf("%s\n", line.c_str());
		return ump::go_on;
	}
};

class measuring : public ump::handler<ruler>
{
      public:
	explicit measuring(ump::post_client<display> progress) : progress_(std::move(progress))
	{
	}

      private:
	flow request(std::string word, reply_context rc) override
	{
		if (!progress_.post("measuring " + word))
			return ump::stop();
		rc.reply(word.size());
		return ump::go_on;
	}

	ump::post_client<display> progress_;
};

// Sends a request for one word after the other, and reports the results to the display.
class requester
{
      public:
	requester(ump::client<ruler> server, ump::client<display> screen, ump::completions &answers)
	    : server_(std::move(server)), screen_(std::move(screen)), answers_(answers)
	{
	}
	void ask(const char *const *words)
	{
		if (*words == nullptr)
			return tell("");
		auto sent = server_.request_completion(
			*words, answers_, [this, words](ump::result<std::size_t> length) {
				tell(std::string(*words) + ": " +
					(length ? std::to_string(*length)
						: length.error().message()));
				ask(words + 1);
			});
		if (!sent)
			tell("");
	}

      private:
	void tell(std::string line)
	{
		if (auto sent = screen_.post(std::move(line)); !sent)
			std::fprintf(stderr, "asking: %s\n", sent.error().message());
	}

	ump::client<ruler> server_;
	ump::client<display> screen_;
	ump::completions &answers_;
};

int main()
{
	auto shown = ump::spawn_task(std::make_unique<screen>());
	auto answers = ump::open_completions();
	if (!shown || !answers)
		return 1;
	auto &[client, task] = *shown;
	auto posts = client.post_client();
	if (!posts)
		return 1;
	auto ruled = ump::spawn_thread(std::make_unique<measuring>(std::move(*posts)));
	if (!ruled)
		return 1;
	const char *const words[] = {"short", "longer", nullptr};
	requester asking(std::move(ruled->client), std::move(client), *answers);
	asking.ask(words);
	// The loop waits for two descriptors: one for messages, one for replies.
	do {
		pollfd ready[] = {{task.fd(), POLLIN, 0}, {answers->fd(), POLLIN, 0}};

		poll(ready, 2, -1);
		while (answers->next()) {
		}
	} while (task.dispatch());
	std::printf("the display %s\n", task.join().value() ? "was told to end" : "is alone");
	return 0;
}
