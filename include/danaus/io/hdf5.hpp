#pragma once

#include <danaus/io/hdf5_reader.hpp>
#include <danaus/io/hdf5_writer.hpp>

namespace danaus::io {

/// "1.10.8", the version of the HDF5 library in use.
std::string hdf5_library_version();

}  // namespace danaus::io
