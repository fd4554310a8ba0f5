#pragma once

#include "options.hpp"

#include <filesystem>
#include <functional>

namespace danaus::app {

/// The verb `check`: verifies each operand, goes on after a failure, and returns the worst exit code.
/// @param check_content  reads a file, throws a typed error if anything is wrong, and returns its kind
/// @param is_set         whether an operand names a set of files, of a format without our digest, rather than
/// one file
Verb check_files_verb(
    const std::string& program, const std::function<std::string(const std::filesystem::path&)>& check_content,
    const std::function<bool(const std::filesystem::path&)>& is_set = [](const auto&) { return false; });

}  // namespace danaus::app
