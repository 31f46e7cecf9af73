// SPDX-License-Identifier: 0BSD
// A server that counts words, in C++.
#include <cstdio>
#include <map>
#include <string>
#include <ump_server.hpp>

// Requests ask how often a word was posted; the loop ends with the number of different words.
struct counter : ump::protocol<std::string, int, std::string, std::size_t> {
};

class words : public ump::handler<counter>
{
	flow post(std::string word) override
	{
		if (word.empty())
			return ump::stop(count_.size());
		count_[std::move(word)]++;
		return ump::go_on;
	}
	flow request(std::string word, reply_context rc) override
	{
		rc.reply(count_[word]);
		return ump::go_on;
	}

	std::map<std::string, int> count_;
};

int main()
{
	auto server = ump::spawn_thread(std::make_unique<words>());
	if (!server) {
		std::fprintf(stderr, "counter: %s\n", server.error().message());
		return 1;
	}
	auto &[client, thread] = *server;

	for (const char *word : {"one", "two", "two"})
		if (auto sent = client.post(word); !sent)
			std::fprintf(stderr, "counter: %s\n", sent.error().message());
	if (ump::result<int> times = client.request("two"))
		std::printf("two: %d\n", *times);
	if (client.post(""))
		std::printf("%zu words\n", *thread.join().value());
	// The server is gone, and the question is still its sender's.
	std::string question = "two";
	if (auto answer = client.request(std::move(question)); !answer)
		std::printf("%s: %s\n", question.c_str(), answer.error().message());
	return 0;
}
