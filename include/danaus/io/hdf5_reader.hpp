#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/io/array_type.hpp>
#include <danaus/io/detail/hdf5_handle.hpp>
#include <danaus/io/digest.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace danaus::io {

/// Reads an HDF5 file. One of ours has its digest checked before HDF5 sees it. One of others is read as
/// hostile: links, ranks, types, sizes, storage and filters are checked before any data are, soft and
/// external links are refused, and nothing that HDF5 says reaches the terminal.
///
/// Names are paths such as "/u". Floats are converted among f32 and f64 (integers too), complex among c64 and
/// c128, integers only where every value fits. HDF5 is not thread-safe: use all readers and writers from one
/// thread at a time.
///
/// @throws MissingInputError if there is no such file
/// @throws DataError naming file, dataset, what was expected and what was found
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& path);
  ~Hdf5Reader();
  Hdf5Reader(Hdf5Reader&&) noexcept;

  const std::filesystem::path& path() const { return path_; }
  /// Whether the file is one of ours; it is then intact.
  bool is_sealed() const { return sealed_; }
  /// The digest that the block states; zero for a file of others.
  const Digest& digest() const { return digest_; }

  bool has_dataset(const std::string& name) const;
  bool has_group(const std::string& name) const;
  /// Full names of the datasets, or groups, directly beneath a group, in alphabetical order.
  std::vector<std::string> datasets(const std::string& group = "/") const;
  std::vector<std::string> groups(const std::string& group = "/") const;
  /// Full names of all datasets of the file, links left out.
  std::vector<std::string> all_datasets() const;

  ArrayInfo info(const std::string& name) const;
  Extents shape(const std::string& name) const { return info(name).shape; }
  ScalarType type(const std::string& name) const { return info(name).type; }

  /// @param rank  -1 for any
  /// @param types  {} for any
  /// @param hint  what to do, appended to the error
  /// @throws DataError "FILE:/u: expected rank 3 float32, found rank 2 float64 of shape (4, 5); hint"
  ArrayInfo require(const std::string& name, int rank, const std::vector<ScalarType>& types,
                    const std::string& hint = "") const;
  /// Checks the root attributes `format` and `format_version`.
  /// @return the version; @throws DataError if the format differs or the version is newer than `newest`
  std::int64_t require_format(const std::string& format, std::int64_t newest) const;

  template <class T>
  std::vector<T> read(const std::string& name) const;
  /// The block that starts at `first` and has `count` entries along each axis, row-major, into `data`.
  template <class T>
  void read_slab(const std::string& name, const Extents& first, const Extents& count, T* data) const;
  /// Entries [first, first + count) along one axis, all of the others.
  template <class T>
  std::vector<T> read_slab(const std::string& name, size_t first, size_t count, size_t axis = 0) const;
  template <class T, int R>
  HostTensor<T, R> read_tensor(const std::string& name) const {
    const ArrayInfo found = require(name, R, {});
    Shape<R> shape;
    std::copy(found.shape.begin(), found.shape.end(), shape.begin());
    HostTensor<T, R> tensor(Kokkos::view_alloc(name, Kokkos::WithoutInitializing), layout_of<R>(shape));
    read_slab(name, Extents(R, 0), found.shape, tensor.data());
    return tensor;
  }

  bool has_attribute(const std::string& object, const std::string& name) const;
  std::vector<std::string> attributes(const std::string& object = "/") const;
  AttributeValue attribute_value(const std::string& object, const std::string& name) const;
  /// T: std::int64_t, double (also from an integer), std::string or a std::vector of one of them (also from a
  /// single value).
  template <class T>
  T attribute(const std::string& object, const std::string& name) const;

  /// "FILE:NAME: what" as a DataError, for checks that the caller adds.
  [[noreturn]] void fail(const std::string& name, const std::string& what) const;

 private:
  friend class PartialFile;
  struct Dataset {
    detail::Hdf5Handle handle;
    ArrayInfo info;
  };

  /// A reader of a file that HDF5 wrote a moment ago and that has no block yet.
  struct Unsealed {};
  Hdf5Reader(const std::filesystem::path& path, Unsealed);

  void open();
  void require_hard_links(const std::string& name) const;
  bool exists(const std::string& name, int object_type) const;
  detail::Hdf5Handle open_object(const std::string& name) const;
  const Dataset& dataset(const std::string& name) const;
  void check_storage(const std::string& name, const Dataset& dataset) const;
  std::vector<std::string> children(const std::string& group, int object_type) const;

  std::filesystem::path path_;
  std::uint64_t file_size_ = 0;
  bool sealed_ = false;
  Digest digest_{};
  detail::Hdf5Handle handle_;
  mutable std::map<std::string, Dataset> datasets_;  // opened and checked
};

}  // namespace danaus::io
