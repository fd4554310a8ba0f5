#pragma once

#include "options.hpp"

#include <filesystem>
#include <functional>

namespace danaus::app {

/// What an HDF5 file holds, for `info`: `kind`, `format_version`, `shapes`, `types`, `parameters` (complex
/// counted as two; null without /parameters), `attributes`, those of /model and /training, `digest` (null for
/// files of others).
/// @param with_digests  adds `digests`, XXH3-128 of each array's bytes in memory: equal arrays, equal digests
/// @throws DataError, MissingInputError
Json describe_hdf5(const std::filesystem::path& path, bool with_digests);

/// The same as lines of text.
std::string description_text(const std::string& path, const Json& json);

enum class InfoOperand { file, file_or_folder };

/// The verb `info` of one operand.
/// @param describe  says what lies at a path, with the digest of every array if asked for
Verb info_verb(const std::string& summary, InfoOperand operand,
               const std::function<Outcome(const std::filesystem::path&, bool with_digests)>& describe);

}  // namespace danaus::app
