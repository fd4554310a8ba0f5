#pragma once

#include <danaus/io/hdf5.hpp>
#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>
#include <danaus/monarch/padded.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <variant>

namespace danaus::app {

using MonarchAttributes = std::map<std::string, io::AttributeValue>;

/// Monarch matrices in files (format `danaus-monarch`): `/left`, `/right` and `/input_permutation` of one
/// factor pair, or `/factor_i` with its `/permutation_i` of a product; attributes `rows`, `columns`. Where
/// these are smaller than what the factors give and take, the matrix is the top-left corner.
template <class T>
void write_monarch(const std::filesystem::path& path, const monarch::MonarchMatrix<T>& m, size_t rows,
                   size_t columns, const MonarchAttributes& attributes);
template <class T>
void write_monarch(const std::filesystem::path& path, const monarch::BlockProduct<T>& m, size_t rows,
                   size_t columns, const MonarchAttributes& attributes);

/// Numbers in the factors of a product, but for those that only order their inputs: factors of ones.
template <class T>
size_t count_parameters(const monarch::BlockProduct<T>& m);

/// What such a file holds, without its numbers.
struct MonarchDescription {
  bool is_product = false;
  size_t rows = 0, columns = 0, parameters = 0, factors = 0;
  io::ScalarType type = io::ScalarType::f64;  ///< that holds all factors
};

/// Whether the file has the arrays of a Monarch matrix.
bool is_monarch(const io::Hdf5Reader& reader);
/// @throws DataError unless the arrays fit each other
MonarchDescription describe_monarch(const io::Hdf5Reader& reader);

template <class T>
using StoredMonarch =
    std::variant<monarch::Padded<monarch::MonarchMatrix<T>>, monarch::Padded<monarch::BlockProduct<T>>>;

/// @tparam T  real only for real files; the precision is converted @throws DataError
template <class T>
StoredMonarch<T> read_monarch(const io::Hdf5Reader& reader);

}  // namespace danaus::app
