#pragma once

#include "options.hpp"

namespace danaus::app {

/// The body of main: parses, starts Kokkos, runs the verb, prints its outcome, and turns errors into one line
/// on stderr
/// ("danaus-pde train: message") and an exit code. Nothing is started before the options are known to be
/// right.
int run_program(const Program& program, int argc, char** argv);

/// The command line of this process, quoted for a shell.
const std::string& command_line();

}  // namespace danaus::app
