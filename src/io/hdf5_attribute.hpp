#pragma once

#include <io/hdf5_common.hpp>

namespace danaus::io {

/// Replaces the attribute of an open object. Strings are variable-length UTF-8, as h5py writes them.
/// @return false if HDF5 fails
bool write_attribute(hid_t object, const std::string& name, const AttributeValue& value);

/// Reads numbers and strings, single or in a list of up to 2^16, after checking type and size.
/// @return false with the reason if it is something else or damaged
bool read_attribute(hid_t object, const std::string& name, AttributeValue& value, std::string& reason);

}  // namespace danaus::io
