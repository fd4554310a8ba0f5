#pragma once

#include "option_table.hpp"

namespace danaus::app {

std::string help_text(const Program& program);
std::string help_text(const Program& program, const Verb& verb);
Json help_json(const Program& program);
Json help_json(const Program& program, const Verb& verb);

/// A bash completion script, for `source <(danaus-pde --completion)`.
std::string bash_completion(const Program& program);
/// A manual page in man format, for `danaus-pde --man > danaus-pde.1`.
std::string manual_page(const Program& program, const std::string& version);

}  // namespace danaus::app
