# SPDX-License-Identifier: 0BSD
# The kernel's headers lie with the other architecture's: a link to them is only in gcc-multilib,
# which does not go together with the cross compilers.
set(CMAKE_C_COMPILER gcc -m32 -idirafter /usr/include/x86_64-linux-gnu)
# The header is the same C++ everywhere; native builds check it.
set(CMAKE_CXX_COMPILER "")
