#include <danaus/io/ismrmrd_image.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/digest.hpp>
#include <io/hdf5_common.hpp>
#include <io/hdf5_write_driver.hpp>

#include <cstddef>
#include <cstring>

namespace danaus::io {

namespace {

constexpr std::uint16_t complex_float = 7;  // ISMRMRD_CXFLOAT
constexpr std::uint16_t complex_image = 5;  // ISMRMRD_IMTYPE_COMPLEX

/// ISMRMRD_ImageHeader, version 1.
struct Header {
  std::uint16_t version, data_type;
  std::uint64_t flags;
  std::uint32_t measurement_uid;
  std::uint16_t matrix_size[3];
  float field_of_view[3];
  std::uint16_t channels;
  float position[3], read_dir[3], phase_dir[3], slice_dir[3], patient_table_position[3];
  std::uint16_t average, slice, contrast, phase, repetition, set;
  std::uint32_t acquisition_time_stamp, physiology_time_stamp[3];
  std::uint16_t image_type, image_index, image_series_index;
  std::int32_t user_int[8];
  float user_float[8];
  std::uint32_t attribute_string_len;
};

Hdf5Handle array_type(hid_t element, hsize_t count) { return own_type(H5Tarray_create2(element, 1, &count)); }

Hdf5Handle header_type() {
  auto type = own_type(H5Tcreate(H5T_COMPOUND, sizeof(Header)));
  const auto words = array_type(H5T_NATIVE_UINT16, 3), vector = array_type(H5T_NATIVE_FLOAT, 3);
  const auto stamps = array_type(H5T_NATIVE_UINT32, 3), integers = array_type(H5T_NATIVE_INT32, 8);
  const auto floats = array_type(H5T_NATIVE_FLOAT, 8);
  const auto add = [&](const char* name, std::size_t offset, hid_t member) {
    H5Tinsert(type, name, offset, member);
  };
  add("version", offsetof(Header, version), H5T_NATIVE_UINT16);
  add("data_type", offsetof(Header, data_type), H5T_NATIVE_UINT16);
  add("flags", offsetof(Header, flags), H5T_NATIVE_UINT64);
  add("measurement_uid", offsetof(Header, measurement_uid), H5T_NATIVE_UINT32);
  add("matrix_size", offsetof(Header, matrix_size), words);
  add("field_of_view", offsetof(Header, field_of_view), vector);
  add("channels", offsetof(Header, channels), H5T_NATIVE_UINT16);
  add("position", offsetof(Header, position), vector);
  add("read_dir", offsetof(Header, read_dir), vector);
  add("phase_dir", offsetof(Header, phase_dir), vector);
  add("slice_dir", offsetof(Header, slice_dir), vector);
  add("patient_table_position", offsetof(Header, patient_table_position), vector);
  add("average", offsetof(Header, average), H5T_NATIVE_UINT16);
  add("slice", offsetof(Header, slice), H5T_NATIVE_UINT16);
  add("contrast", offsetof(Header, contrast), H5T_NATIVE_UINT16);
  add("phase", offsetof(Header, phase), H5T_NATIVE_UINT16);
  add("repetition", offsetof(Header, repetition), H5T_NATIVE_UINT16);
  add("set", offsetof(Header, set), H5T_NATIVE_UINT16);
  add("acquisition_time_stamp", offsetof(Header, acquisition_time_stamp), H5T_NATIVE_UINT32);
  add("physiology_time_stamp", offsetof(Header, physiology_time_stamp), stamps);
  add("image_type", offsetof(Header, image_type), H5T_NATIVE_UINT16);
  add("image_index", offsetof(Header, image_index), H5T_NATIVE_UINT16);
  add("image_series_index", offsetof(Header, image_series_index), H5T_NATIVE_UINT16);
  add("user_int", offsetof(Header, user_int), integers);
  add("user_float", offsetof(Header, user_float), floats);
  add("attribute_string_len", offsetof(Header, attribute_string_len), H5T_NATIVE_UINT32);
  return type;
}

Hdf5Handle text_type() {
  auto type = own_type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, H5T_VARIABLE);
  return type;
}

std::string xml_escaped(const std::string& text) {
  std::string escaped;
  for (char c : text)
    escaped += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return escaped;
}

std::string meta_container(const std::vector<std::pair<std::string, std::string>>& meta) {
  std::string xml = "<?xml version=\"1.0\"?><ismrmrdMeta>";
  for (const auto& [name, value] : meta)
    xml += "<meta><name>" + xml_escaped(name) + "</name><value>" + xml_escaped(value) + "</value></meta>";
  return xml + "</ismrmrdMeta>";
}

std::vector<Header> headers_of(const std::array<std::size_t, 3>& matrix_size,
                               const std::vector<IsmrmrdImage>& images, std::size_t attribute_length) {
  std::vector<Header> headers(images.size());
  std::memset(static_cast<void*>(headers.data()), 0, headers.size() * sizeof(Header));  // and the gaps
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto& image = images[i];
    auto& h = headers[i];
    h.version = 1, h.data_type = complex_float, h.channels = 1, h.image_type = complex_image;
    for (std::size_t k = 0; k < 3; ++k) {
      h.matrix_size[k] = std::uint16_t(matrix_size[k]);
      h.field_of_view[k] = image.field_of_view[k], h.position[k] = image.position[k];
      h.read_dir[k] = image.read_dir[k], h.phase_dir[k] = image.phase_dir[k];
      h.slice_dir[k] = image.slice_dir[k];
    }
    h.slice = image.slice, h.contrast = image.contrast;
    h.image_index = std::uint16_t(i);
    h.attribute_string_len = std::uint32_t(attribute_length);
  }
  return headers;
}

/// One file that is being written; HDF5 is not told that the disk is full, so each step asks the driver.
class ImageFile {
 public:
  ImageFile(const std::filesystem::path& target, const std::filesystem::path& temporary) : target_(target) {
    auto creation = own_list(H5Pcreate(H5P_FILE_CREATE));
    auto access = file_access();
    // Without time stamps the same content gives the same bytes.
    H5Pset_obj_track_times(creation, false);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    if (state_.attach(access))
      file_ = own_file(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, creation, access));
    check(file_.is_open());
    links_ = own_list(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links_, 1);
    layout_ = own_list(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(layout_, false);
    H5Pset_layout(layout_, H5D_CONTIGUOUS);
  }
  ~ImageFile() {
    QuietErrors quiet;
    if (file_.is_open()) state_.abandoned = true;
    file_.close();
  }

  Hdf5Handle create(const std::string& path, hid_t type, const Extents& shape) {
    auto set =
        own_dataset(H5Dcreate2(file_, path.c_str(), type, space_of(shape), links_, layout_, H5P_DEFAULT));
    check(set.is_open());
    return set;
  }
  void check(bool succeeded) const {
    if (state_.error != 0) throw IoError(target_.string() + ": cannot write: " + std::strerror(state_.error));
    if (!succeeded) throw IoError(target_.string() + ": cannot write: " + quiet_.reason());
  }
  void close() {
    const bool closed = H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0;
    check(file_.close() >= 0 && closed);
  }

 private:
  QuietErrors quiet_;
  std::filesystem::path target_;
  detail::WriteState state_;
  Hdf5Handle file_, links_, layout_;
};

}  // namespace

void write_ismrmrd_images(const std::filesystem::path& path, const std::string& name,
                          const std::array<std::size_t, 3>& n, const std::vector<IsmrmrdImage>& images,
                          const std::vector<std::pair<std::string, std::string>>& meta,
                          const std::function<std::vector<Complex<float>>(std::size_t)>& data_of) {
  for (std::size_t extent : {n[0], n[1], n[2], images.size()})
    if (extent == 0 || extent > 65535)
      throw ShapeError(path.string() + ": ISMRMRD images have 1 to 65535 points per axis, found " +
                       std::to_string(extent));
  const std::string group = "/dataset/" + name, xml = meta_container(meta);
  const auto headers = headers_of(n, images, xml.size());
  const std::vector<const char*> texts(images.size(), xml.c_str());
  const Extents shape{images.size(), 1, n[2], n[1], n[0]}, one{1, 1, n[2], n[1], n[0]};
  const auto complex_type = native_type(ScalarType::c64, "real", "imag");
  AtomicFile target(path);
  {
    ImageFile file(path, target.temporary());
    const auto header = file.create(group + "/header", header_type(), {images.size()});
    file.check(H5Dwrite(header, header_type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, headers.data()) >= 0);
    const auto attributes = file.create(group + "/attributes", text_type(), {images.size()});
    file.check(H5Dwrite(attributes, text_type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()) >= 0);
    const auto data = file.create(group + "/data", complex_type, shape);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto space = own_space(H5Dget_space(data)), memory = space_of(one);
      const auto values = data_of(i);
      file.check(select(space, {i, 0, 0, 0, 0}, one) &&
                 H5Dwrite(data, complex_type, memory, space, H5P_DEFAULT, values.data()) >= 0);
    }
    file.close();
  }
  target.commit([&](const std::filesystem::path& written) {
    QuietErrors quiet;
    const auto fail = [&](const char* what) {
      throw IoError(path.string() + ": what was written reads back differently: " + group + what);
    };
    const auto file = own_file(H5Fopen(written.c_str(), H5F_ACC_RDONLY, file_access()));
    const auto open = [&](const char* what) {
      return own_dataset(H5Dopen2(file, (group + what).c_str(), H5P_DEFAULT));
    };
    const auto header = open("/header"), attributes = open("/attributes"), data = open("/data");
    std::vector<Header> found(images.size());
    std::memset(static_cast<void*>(found.data()), 0, found.size() * sizeof(Header));
    if (H5Dread(header, header_type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, found.data()) < 0 ||
        std::memcmp(found.data(), headers.data(), found.size() * sizeof(Header)) != 0)
      fail("/header");
    std::vector<char*> read(images.size(), nullptr);
    bool same = H5Dread(attributes, text_type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, read.data()) >= 0;
    for (char* text : read) {
      same = same && text && xml == text;
      H5free_memory(text);
    }
    if (!same) fail("/attributes");
    std::vector<Complex<float>> values(n[0] * n[1] * n[2]);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto space = own_space(H5Dget_space(data)), memory = space_of(one);
      if (!select(space, {i, 0, 0, 0, 0}, one) ||
          H5Dread(data, complex_type, memory, space, H5P_DEFAULT, values.data()) < 0 ||
          std::memcmp(values.data(), data_of(i).data(), values.size() * sizeof values[0]) != 0)
        fail("/data");
    }
  });
}

}  // namespace danaus::io
