// SPDX-License-Identifier: 0BSD
// The answer has another type.
// gcc: conversion from 'result<.*>' to non-scalar type 'result<int>'
// clang: no viable conversion from .* to 'result<int>'
#include "servers.hpp"

bool wrong(const ump::client<adder> &client);

bool wrong(const ump::client<adder> &client)
{
#ifdef WRONG
	ump::result<int> sum = client.request(add{3, 7});
	return sum.has_value();
#else
	ump::result<std::string> sum = client.request(add{3, 7});
	return sum.has_value();
#endif
}
