#include <danaus/io/ismrmrd_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/child_trial.hpp>
#include <io/hdf5_common.hpp>
#include <io/hdf5_text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

namespace danaus::io {

namespace {

constexpr std::size_t readouts_per_trial = 256;

/// What H5Dread fills, by the names of the members: a subset of the file's compound.
struct Counters {
  std::uint16_t step_1, step_2, average, slice, contrast, phase, repetition, set;
};
struct Head {
  std::uint64_t flags;
  std::uint16_t samples, channels, center_sample, discard_pre, discard_post;
  float position[3], read_dir[3], phase_dir[3], slice_dir[3];
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
  const hsize_t three = 3;
  const auto vector = own_type(H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &three));
  H5Tinsert(type, "flags", offsetof(Head, flags), H5T_NATIVE_UINT64);
  H5Tinsert(type, "number_of_samples", offsetof(Head, samples), H5T_NATIVE_UINT16);
  H5Tinsert(type, "active_channels", offsetof(Head, channels), H5T_NATIVE_UINT16);
  H5Tinsert(type, "center_sample", offsetof(Head, center_sample), H5T_NATIVE_UINT16);
  H5Tinsert(type, "discard_pre", offsetof(Head, discard_pre), H5T_NATIVE_UINT16);
  H5Tinsert(type, "discard_post", offsetof(Head, discard_post), H5T_NATIVE_UINT16);
  H5Tinsert(type, "position", offsetof(Head, position), vector);
  H5Tinsert(type, "read_dir", offsetof(Head, read_dir), vector);
  H5Tinsert(type, "phase_dir", offsetof(Head, phase_dir), vector);
  H5Tinsert(type, "slice_dir", offsetof(Head, slice_dir), vector);
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

IsmrmrdHead convert(const Head& h) {
  IsmrmrdHead a;
  a.flags = h.flags;
  a.samples = h.samples, a.channels = h.channels, a.center_sample = h.center_sample;
  a.discard_pre = h.discard_pre, a.discard_post = h.discard_post;
  a.step_1 = h.idx.step_1, a.step_2 = h.idx.step_2, a.average = h.idx.average, a.slice = h.idx.slice;
  a.contrast = h.idx.contrast, a.phase = h.idx.phase, a.repetition = h.idx.repetition, a.set = h.idx.set;
  std::copy_n(h.position, 3, a.position.begin());
  std::copy_n(h.read_dir, 3, a.read_dir.begin());
  std::copy_n(h.phase_dir, 3, a.phase_dir.begin());
  std::copy_n(h.slice_dir, 3, a.slice_dir.begin());
  return a;
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

/// Once through the whole file where a crash does no harm.
void IsmrmrdReader::try_in_child() const {
  in_child(path_, [&] {
    const IsmrmrdReader reader(path_, Trial{});
    for (std::size_t first = 0; first < reader.size(); first += readouts_per_trial) {
      allow_more_time();
      std::vector<std::size_t> numbers(std::min(readouts_per_trial, reader.size() - first));
      std::iota(numbers.begin(), numbers.end(), first);
      reader.read(numbers);
    }
    return std::string();
  });
}

IsmrmrdReader::IsmrmrdReader(const std::filesystem::path& path) : path_(path) {
  try_in_child();
  open();
}

IsmrmrdReader::IsmrmrdReader(const std::filesystem::path& path, Trial) : path_(path) { open(); }

void IsmrmrdReader::open() {
  if (!recognises(path_)) fail("expected datasets xml and data, as ISMRMRD has them");  // no links among them
  for (const char* name : {"/dataset/data", "/dataset/xml"})
    Hdf5Reader(path_).info(name);  // checks the storage
  QuietErrors quiet;
  file_ = own_file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, file_access()));
  data_ = own_dataset(H5Dopen2(file_, "/dataset/data", H5P_DEFAULT));
  if (!data_.is_open()) fail("data: damaged: " + quiet.reason());
  const auto space = own_space(H5Dget_space(data_)), type = own_type(H5Dget_type(data_));
  const auto count = space.is_open() ? H5Sget_simple_extent_npoints(space) : -1;
  if (count < 1) fail("data: expected readouts, found none");
  if (H5Sget_simple_extent_ndims(space) != 1) fail("data: expected readouts along one axis");
  if (!type.is_open() || !is_readout(type)) fail("data: expected compounds {head, traj, data}");
  size_ = std::size_t(count);
  read_xml();
}

void IsmrmrdReader::read_xml() {
  QuietErrors quiet;
  const auto set = own_dataset(H5Dopen2(file_, "/dataset/xml", H5P_DEFAULT));
  if (!set.is_open()) fail("xml: damaged: " + quiet.reason());
  xml_ = read_text(set, path_.string() + ":/dataset/xml");
}

void IsmrmrdReader::read_selected(const Hdf5Handle& type, const Hdf5Handle& selection, std::size_t count,
                                  void* to) const {
  const auto memory = space_of({count});
  QuietErrors quiet;
  if (H5Dread(data_, type, memory, selection, H5P_DEFAULT, to) < 0) fail("data: damaged: " + quiet.reason());
}

std::vector<IsmrmrdHead> IsmrmrdReader::read_heads(std::size_t first, std::size_t count) const {
  if (first + count > size_) fail("data: readouts past the end");
  const auto head = head_type();
  const auto type = own_type(H5Tcreate(H5T_COMPOUND, sizeof(Head)));
  H5Tinsert(type, "head", 0, head);
  const auto selection = own_space(H5Dget_space(data_));
  select(selection, {first}, {count});
  std::vector<Head> heads(count);
  read_selected(type, selection, count, heads.data());
  std::vector<IsmrmrdHead> converted;
  for (const Head& h : heads) converted.push_back(convert(h));
  return converted;
}

std::vector<IsmrmrdAcquisition> IsmrmrdReader::read(const std::vector<std::size_t>& numbers) const {
  const std::size_t count = numbers.size();
  if (count == 0) return {};
  if (*std::max_element(numbers.begin(), numbers.end()) >= size_) fail("data: readouts past the end");
  const auto type = readout_type();
  const auto selection = own_space(H5Dget_space(data_));
  const std::vector<hsize_t> points(numbers.begin(), numbers.end());
  H5Sselect_elements(selection, H5S_SELECT_SET, count, points.data());
  std::vector<Readout> readouts(count, Readout{});
  const Reclaimed reclaimed(type, readouts);
  read_selected(type, selection, count, readouts.data());
  std::vector<IsmrmrdAcquisition> acquisitions;
  for (std::size_t i = 0; i < count; ++i) {
    const Head& h = readouts[i].head;
    const std::size_t values = std::size_t(h.samples) * h.channels;
    if (readouts[i].data.len != 2 * values || values == 0)
      fail("data: readout " + std::to_string(numbers[i]) + ": expected " + std::to_string(h.samples) +
           " samples of " + std::to_string(h.channels) + " channels, found " +
           std::to_string(readouts[i].data.len) + " numbers");
    auto& a = acquisitions.emplace_back(IsmrmrdAcquisition{convert(h), {}});
    a.data.resize(values);
    std::memcpy(static_cast<void*>(a.data.data()), readouts[i].data.p, values * sizeof(Complex<float>));
  }
  return acquisitions;
}

}  // namespace danaus::io
