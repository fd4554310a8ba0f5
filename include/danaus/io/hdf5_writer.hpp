#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/io/array_type.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/detail/hdf5_handle.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace danaus::io {

namespace detail {
struct WriteState;
}

/// What the root of every file of ours says about its origin.
struct FileHeader {
  std::string format;  ///< "danaus-navier-stokes", "danaus-checkpoint", ...
  std::int64_t format_version = 1;
  std::string created_by;  ///< "danaus VERSION (COMMIT)"
  std::string command;
  std::uint64_t seed = 0;
};

/// Writes one HDF5 file of ours: contiguous datasets in the latest format behind a digest block, no time
/// stamps, so that the same content gives the same bytes. Nothing appears under the final name before
/// commit(), which re-reads what was written; without it nothing is left.
///
/// Names are paths such as "/parameters/lift/weight"; groups on the way are created. Complex numbers are
/// compounds {r, i} as in h5py. HDF5 is not thread-safe: use all readers and writers from one thread at a
/// time.
///
/// @throws IoError naming the file and the reason; ShapeError for a shape without entries or rows out of
/// range
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& target);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// Root attributes `format`, `format_version`, `created_by`, `command`, `seed`.
  void header(const FileHeader& header);

  /// Reserves a dataset for write_rows.
  void create(const std::string& name, ScalarType type, const Extents& shape);
  template <class T>
  void create(const std::string& name, const Extents& shape) {
    create(name, scalar_type_v<T>, shape);
  }

  /// Writes rows [first, first + count) along the first axis of a dataset made by create().
  template <class T>
  void write_rows(const std::string& name, size_t first, size_t count, const T* data);

  /// Creates and writes a whole dataset; {} is a single number.
  template <class T>
  void write(const std::string& name, const Extents& shape, const T* data);
  template <class T>
  void write(const std::string& name, const Extents& shape, const std::vector<T>& data);
  /// From a host or device tensor.
  template <class View>
  requires Kokkos::is_view_v<View>
  void write(const std::string& name, const View& tensor) {
    static_assert(std::is_same_v<typename View::array_layout, Kokkos::LayoutRight>);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), tensor);
    const auto shape = shape_of(tensor);
    write<typename View::non_const_value_type>(name, Extents(shape.begin(), shape.end()), host.data());
  }

  /// Attribute of a dataset or group ("/" is the root; a missing group is created). Replaces an earlier one.
  void attribute(const std::string& object, const std::string& name, const AttributeValue& value);

  /// Closes, seals, flushes to the disk, re-reads every dataset and attribute, renames.
  /// @throws InternalError if rows of a dataset were never written
  void commit();

 private:
  friend class PartialFile;

  struct Dataset {
    detail::Hdf5Handle handle;
    ArrayInfo info;
    std::vector<bool> written;  // per row
  };
  struct Slab {
    std::string dataset;
    size_t first, count;
    std::array<std::uint8_t, 16> digest;
  };
  struct Attribute {
    std::string object, name;
    AttributeValue value;
  };

  void write_slab(const std::string& name, size_t first, size_t count, const void* data);
  void require_complete() const;
  void close();
  void check_written(const std::filesystem::path& path) const;
  void check(bool succeeded, const std::string& what, const std::string& reason) const;
  [[noreturn]] void fail(const std::string& what) const;

  AtomicFile file_;
  std::unique_ptr<detail::WriteState> state_;
  detail::Hdf5Handle handle_;
  std::map<std::string, Dataset> datasets_;
  std::vector<Slab> slabs_;
  std::vector<Attribute> attributes_;
};

}  // namespace danaus::io
