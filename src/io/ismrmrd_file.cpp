#include <danaus/io/ismrmrd_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/hdf5_common.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

namespace danaus::io {

namespace {

constexpr std::size_t largest_xml = std::size_t(1) << 24;
constexpr std::size_t readouts_per_trial = 256;
constexpr unsigned longest_trial = 120;  // seconds for as many readouts

/// What H5Dread fills, by the names of the members: a subset of the file's compound.
struct Counters {
  std::uint16_t step_1, step_2, average, slice, contrast, phase, repetition, set;
};
struct Head {
  std::uint64_t flags;
  std::uint16_t samples, channels, center_sample, discard_pre, discard_post;
  Counters idx;
};
struct Readout {
  Head head;
  hvl_t data;
};

Hdf5Handle counters_type() {
  auto type = own_type(H5Tcreate(H5T_COMPOUND, sizeof(Counters)));
  const auto add = [&](const char* name, std::size_t offset) {
    H5Tinsert(type, name, offset, H5T_NATIVE_UINT16);
  };
  add("kspace_encode_step_1", offsetof(Counters, step_1));
  add("kspace_encode_step_2", offsetof(Counters, step_2));
  add("average", offsetof(Counters, average));
  add("slice", offsetof(Counters, slice));
  add("contrast", offsetof(Counters, contrast));
  add("phase", offsetof(Counters, phase));
  add("repetition", offsetof(Counters, repetition));
  add("set", offsetof(Counters, set));
  return type;
}

Hdf5Handle head_type() {
  auto type = own_type(H5Tcreate(H5T_COMPOUND, sizeof(Head)));
  const auto counters = counters_type();
  H5Tinsert(type, "flags", offsetof(Head, flags), H5T_NATIVE_UINT64);
  H5Tinsert(type, "number_of_samples", offsetof(Head, samples), H5T_NATIVE_UINT16);
  H5Tinsert(type, "active_channels", offsetof(Head, channels), H5T_NATIVE_UINT16);
  H5Tinsert(type, "center_sample", offsetof(Head, center_sample), H5T_NATIVE_UINT16);
  H5Tinsert(type, "discard_pre", offsetof(Head, discard_pre), H5T_NATIVE_UINT16);
  H5Tinsert(type, "discard_post", offsetof(Head, discard_post), H5T_NATIVE_UINT16);
  H5Tinsert(type, "idx", offsetof(Head, idx), counters);
  return type;
}

Hdf5Handle readout_type() {
  auto type = own_type(H5Tcreate(H5T_COMPOUND, sizeof(Readout)));
  const auto head = head_type(), samples = own_type(H5Tvlen_create(H5T_NATIVE_FLOAT));
  H5Tinsert(type, "head", offsetof(Readout, head), head);
  H5Tinsert(type, "data", offsetof(Readout, data), samples);
  return type;
}

/// A compound with members `head` and `data`, `data` of variable length.
bool is_readout(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  const int head = H5Tget_member_index(type, "head"), data = H5Tget_member_index(type, "data");
  return head >= 0 && data >= 0 && H5Tget_member_class(type, unsigned(head)) == H5T_COMPOUND &&
         H5Tget_member_class(type, unsigned(data)) == H5T_VLEN;
}

/// The memory that HDF5 allocated for samples of variable length.
class Reclaimed {
 public:
  Reclaimed(hid_t type, std::vector<Readout>& readouts) : type_(type), readouts_(readouts) {}
  ~Reclaimed() {
    const hsize_t count = readouts_.size();
    const auto space = own_space(H5Screate_simple(1, &count, nullptr));
    H5Dvlen_reclaim(type_, space, H5P_DEFAULT, readouts_.data());
  }
  Reclaimed(const Reclaimed&) = delete;
  Reclaimed& operator=(const Reclaimed&) = delete;

 private:
  hid_t type_;
  std::vector<Readout>& readouts_;
};

}  // namespace

void IsmrmrdReader::fail(const std::string& what) const {
  throw DataError(path_.string() + ":/dataset: " + what);
}

bool IsmrmrdReader::recognises(const std::filesystem::path& path) {
  const Hdf5Reader reader(path);
  return reader.has_dataset("/dataset/data") && reader.has_dataset("/dataset/xml");
}

/// HDF5 follows lengths and addresses of samples of variable length without checking them: a damaged file can
/// crash it or send it round in circles (1.10.8: H5HG_read). So a child process reads everything first.
void IsmrmrdReader::try_in_child() const {
  int pipe[2];
  if (::pipe(pipe) != 0)
    throw IoError(path_.string() + ": no pipe to a child process: " + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) throw IoError(path_.string() + ": no process to try the file in: " + std::strerror(errno));
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM}) std::signal(number, SIG_DFL);
    ::alarm(longest_trial);
    std::string message;
    try {
      IsmrmrdReader reader(path_, Trial{});
      for (std::size_t first = 0; first < reader.size(); first += readouts_per_trial) {
        ::alarm(longest_trial);
        reader.read(first, std::min(readouts_per_trial, reader.size() - first));
      }
    } catch (const std::exception& error) {
      message = error.what();
    }
    const bool told = ::write(pipe[1], message.data(), message.size()) == ssize_t(message.size());
    ::_exit(told ? (message.empty() ? 0 : 1) : 2);
  }
  ::close(pipe[1]);
  std::string message(4096, '\0');
  ssize_t length = 0;
  while ((length = ::read(pipe[0], message.data(), message.size())) < 0 && errno == EINTR) {
  }
  ::close(pipe[0]);
  message.resize(std::size_t(std::max<ssize_t>(length, 0)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) fail("damaged: HDF5 cannot read it");
  if (WEXITSTATUS(status) != 0) throw DataError(message);
}

IsmrmrdReader::IsmrmrdReader(const std::filesystem::path& path) : path_(path) {
  try_in_child();
  open();
}

IsmrmrdReader::IsmrmrdReader(const std::filesystem::path& path, Trial) : path_(path) { open(); }

void IsmrmrdReader::open() {
  if (!recognises(path_)) fail("expected datasets xml and data, as ISMRMRD has them");  // no links among them
  QuietErrors quiet;
  file_ = own_file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, file_access()));
  data_ = own_dataset(H5Dopen2(file_, "/dataset/data", H5P_DEFAULT));
  if (!data_.is_open()) fail("data: damaged: " + quiet.reason());
  const auto space = own_space(H5Dget_space(data_)), type = own_type(H5Dget_type(data_));
  const auto count = space.is_open() ? H5Sget_simple_extent_npoints(space) : -1;
  if (count < 1) fail("data: expected readouts, found none");
  if (!type.is_open() || !is_readout(type)) fail("data: expected compounds {head, traj, data}");
  // A readout takes at least its header in the file.
  if (std::uint64_t(count) > std::filesystem::file_size(path_) / 64)
    fail("data: claims " + std::to_string(count) + " readouts, more than the file can hold");
  size_ = std::size_t(count);
  read_xml();
}

void IsmrmrdReader::read_xml() {
  QuietErrors quiet;
  const auto set = own_dataset(H5Dopen2(file_, "/dataset/xml", H5P_DEFAULT));
  const auto type = own_type(H5Dget_type(set)), space = own_space(H5Dget_space(set));
  if (!set.is_open() || H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1)
    fail("xml: expected one text");
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    const auto memory = own_type(H5Tcopy(H5T_C_S1));
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) < 0 || !text)
      fail("xml: damaged: " + quiet.reason());
    xml_.assign(text, ::strnlen(text, largest_xml));
    H5free_memory(text);
  } else {
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > largest_xml) fail("xml: expected up to 16 MiB of text");
    xml_.resize(size);
    if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, xml_.data()) < 0)
      fail("xml: damaged: " + quiet.reason());
    xml_.resize(::strnlen(xml_.data(), size));
  }
}

std::vector<IsmrmrdAcquisition> IsmrmrdReader::read(std::size_t first, std::size_t count) const {
  if (first + count > size_) fail("data: readouts past the end");
  QuietErrors quiet;
  const auto type = readout_type();
  const auto space = own_space(H5Dget_space(data_));
  const hsize_t start = first, length = count;
  const auto memory = own_space(H5Screate_simple(1, &length, nullptr));
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &length, nullptr);
  std::vector<Readout> readouts(count, Readout{});
  const Reclaimed reclaimed(type, readouts);
  if (H5Dread(data_, type, memory, space, H5P_DEFAULT, readouts.data()) < 0)
    fail("data: damaged: " + quiet.reason());
  std::vector<IsmrmrdAcquisition> acquisitions(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Head& h = readouts[i].head;
    const std::size_t values = std::size_t(h.samples) * h.channels;
    if (readouts[i].data.len != 2 * values || values == 0)
      fail("data: readout " + std::to_string(first + i) + ": expected " + std::to_string(h.samples) +
           " samples of " + std::to_string(h.channels) + " channels, found " +
           std::to_string(readouts[i].data.len) + " numbers");
    auto& a = acquisitions[i];
    a.flags = h.flags;
    a.samples = h.samples, a.channels = h.channels, a.center_sample = h.center_sample;
    a.discard_pre = h.discard_pre, a.discard_post = h.discard_post;
    a.step_1 = h.idx.step_1, a.step_2 = h.idx.step_2, a.average = h.idx.average, a.slice = h.idx.slice;
    a.contrast = h.idx.contrast, a.phase = h.idx.phase, a.repetition = h.idx.repetition, a.set = h.idx.set;
    a.data.resize(values);
    std::memcpy(static_cast<void*>(a.data.data()), readouts[i].data.p, values * sizeof(Complex<float>));
  }
  return acquisitions;
}

}  // namespace danaus::io
