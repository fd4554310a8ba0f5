#include <io/hdf5_write_driver.hpp>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace danaus::io::detail {

namespace {

constexpr haddr_t largest_address = (haddr_t(1) << 63) - 1;

struct File {
  H5FD_t base;  // first, as HDF5 demands
  WriteState* state;
  int descriptor;
  haddr_t allocated, written;  // HDF5's "eoa" and "eof"
};

File& of(H5FD_t* file) { return *reinterpret_cast<File*>(file); }
const File& of(const H5FD_t* file) { return *reinterpret_cast<const File*>(file); }

/// Does the work unless an earlier write failed, and keeps the reason if this one does.
template <class Work>
void attempt(WriteState& state, const Work& work) {
  if (state.error != 0 || state.abandoned) return;
  while (!work()) {
    if (errno == EINTR) continue;
    state.error = errno;
    return;
  }
}

H5FD_t* open(const char* name, unsigned, hid_t access, haddr_t) {
  const auto* state = static_cast<WriteState* const*>(H5Pget_driver_info(access));
  if (!state) return nullptr;
  const int descriptor = ::open(name, O_RDWR | O_TRUNC | O_CLOEXEC);
  if (descriptor < 0) return (*state)->error = errno, nullptr;
  auto* file = new File{};
  file->state = *state;
  file->descriptor = descriptor;
  return &file->base;
}

herr_t close(H5FD_t* file) {
  // Network file systems report a full disk only here.
  if (::close(of(file).descriptor) != 0 && of(file).state->error == 0) of(file).state->error = errno;
  delete &of(file);
  return 0;
}

int compare(const H5FD_t* a, const H5FD_t* b) { return a < b ? -1 : a > b; }

herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t get_eoa(const H5FD_t* file, H5FD_mem_t) { return of(file).allocated; }
herr_t set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  of(file).allocated = address;
  return 0;
}
haddr_t get_eof(const H5FD_t* file, H5FD_mem_t) { return of(file).written; }

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t bytes, void* buffer) {
  auto* target = static_cast<char*>(buffer);
  while (bytes > 0) {
    const ssize_t n = ::pread(of(file).descriptor, target, bytes, off_t(address));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    target += n;
    bytes -= size_t(n);
    address += haddr_t(n);
  }
  std::memset(target, 0, bytes);
  return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t bytes, const void* buffer) {
  of(file).written = std::max(of(file).written, address + bytes);
  const auto* source = static_cast<const char*>(buffer);
  while (bytes > 0) {
    ssize_t n = -1;
    attempt(*of(file).state, [&] {
      n = ::pwrite(of(file).descriptor, source, bytes, off_t(address));
      return n >= 0;
    });
    if (n < 0) break;
    source += n;
    bytes -= size_t(n);
    address += haddr_t(n);
  }
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  File& f = of(file);
  if (f.allocated != f.written)
    attempt(*f.state, [&] { return ::ftruncate(f.descriptor, off_t(f.allocated)) == 0; });
  f.written = f.allocated;
  return 0;
}

const H5FD_class_t& driver_class() {
  static const H5FD_class_t driver = [] {
    H5FD_class_t d{};
#if H5_VERSION_GE(1, 13, 0)
    d.version = H5FD_CLASS_VERSION;
    d.value = H5FD_class_value_t(512);  // the range that HDF5 leaves to others
#endif
    d.name = "danaus_write";
    d.maxaddr = largest_address;
    d.fc_degree = H5F_CLOSE_STRONG;
    d.fapl_size = sizeof(WriteState*);
    d.open = open;
    d.close = close;
    d.cmp = compare;
    d.query = query;
    d.get_eoa = get_eoa;
    d.set_eoa = set_eoa;
    d.get_eof = get_eof;
    d.read = read;
    d.write = write;
    d.truncate = truncate;
    const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), d.fl_map);
    return d;
  }();
  return driver;
}

int unregister(std::int64_t id) { return H5FDunregister(id); }

}  // namespace

WriteState::WriteState() : driver(H5FDregister(&driver_class()), unregister) {}

bool WriteState::attach(hid_t access) {
  WriteState* self = this;
  return H5Pset_driver(access, driver, &self) >= 0;
}

}  // namespace danaus::io::detail
