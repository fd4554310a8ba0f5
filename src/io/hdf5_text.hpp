#pragma once

#include <io/hdf5_common.hpp>

namespace danaus::io {

/// The one text of an open dataset, of fixed or variable length. May crash on a damaged file: see in_child.
/// @param where  "FILE:NAME", for the message
/// @throws DataError
std::string read_text(hid_t dataset, const std::string& where);

}  // namespace danaus::io
