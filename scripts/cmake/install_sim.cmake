# SPDX-License-Identifier: 0BSD
# Installs the simulator for programs that use the library, and the fuzzer's harness for it, with a
# file of targets and files for pkg-config of their own.  Nothing of it names the prefix (install.cmake).
set(sim_dir ${CMAKE_INSTALL_LIBDIR}/ump_server)

install(TARGETS ump_server_sim ump_server_fuzz_sim EXPORT ump_server_sim
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ump_server_sim
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${ump_sim_wrap} DESTINATION ${sim_dir} COMPONENT ump_server_sim)
install(EXPORT ump_server_sim FILE ump_server-sim.cmake NAMESPACE ump_server::
	DESTINATION ${config_dir} COMPONENT ump_server_sim)
string(REPLACE ";" " " pc_sim_flags "${ump_sim_flags}")
string(REPLACE ";" " " pc_sim_link "${ump_sim_link}")
foreach(name ump_server-sim ump_server-fuzz-sim)
	configure_file(scripts/cmake/${name}.pc.in ${name}.pc @ONLY)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pc_dir}
		COMPONENT ump_server_sim)
endforeach()
