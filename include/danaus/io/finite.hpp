#pragma once

#include <danaus/io/hdf5_reader.hpp>

#include <optional>

namespace danaus::io {

/// Index of the first entry of a dataset that is infinite or not a number. The dataset is read in slabs of
/// about 16 MiB. Integers have none.
std::optional<Extents> first_not_finite(const Hdf5Reader& reader, const std::string& name);

/// @throws DataError "FILE:/u: expected finite values, found an infinity or nan at (3, 0, 5)"
void require_finite(const Hdf5Reader& reader, const std::string& name);

/// The same for every dataset of numbers in the file.
void require_all_finite(const Hdf5Reader& reader);

}  // namespace danaus::io
