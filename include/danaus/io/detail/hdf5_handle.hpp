#pragma once

#include <cstdint>
#include <utility>

namespace danaus::io::detail {

/// Owns an HDF5 identifier (hid_t, without its header) and closes it.
class Hdf5Handle {
 public:
  using Close = int (*)(std::int64_t);

  Hdf5Handle() = default;
  Hdf5Handle(std::int64_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { close(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }

  operator std::int64_t() const { return id_; }
  bool is_open() const { return id_ >= 0; }
  /// @return negative if HDF5 could not close it, which for a file means that data may be lost
  int close() { return is_open() ? close_(std::exchange(id_, -1)) : 0; }

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
};

}  // namespace danaus::io::detail
