#pragma once

#include <io/hdf5_common.hpp>

namespace danaus::io::detail {

/// The driver (the layer of HDF5 beneath which lies the operating system) of files that are being written.
///
/// HDF5 1.10 crashes in a later call, or at the end of the process, when a write fails while it closes a
/// file. So this driver never tells HDF5 of a failure: it keeps the first errno, drops all later writes, and
/// the writer asks for it after each of its own operations.
struct WriteState {
  /// errno of the first write that failed; 0 if none has.
  int error = 0;
  /// From now on nothing is written: the file will be removed.
  bool abandoned = false;
  Hdf5Handle driver;

  WriteState();
  /// Makes H5Fcreate with this access list use the driver; the state must outlive the file.
  bool attach(hid_t access);
};

}  // namespace danaus::io::detail
