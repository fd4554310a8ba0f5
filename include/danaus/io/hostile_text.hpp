#pragma once

#include <filesystem>
#include <string>

namespace danaus::io {

/// The one text in a dataset of an HDF5 file of others, of fixed or variable length, at most 16 MiB: an XML
/// header, for example. Read in a child process: texts of variable length in a damaged file can crash HDF5.
///
/// @throws MissingInputError if there is no such file
/// @throws DataError naming file and dataset
std::string read_hostile_text(const std::filesystem::path& path, const std::string& dataset);

}  // namespace danaus::io
