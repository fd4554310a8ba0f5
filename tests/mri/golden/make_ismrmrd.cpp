// Made the ISMRMRD files of this folder, with the reference library (Debian: libismrmrd-dev 1.8):
//
//     g++ -std=c++17 make_ismrmrd.cpp $(pkg-config --cflags hdf5) -lismrmrd -o make_ismrmrd && ./make_ismrmrd
//
// The sample of channel c, contrast e, at kx, ky, kz from the centre of k-space is
// (1 + c + 10 e + 0.1 kx, ky + 0.01 kz). Beside the image there are a noise scan, a navigator and a
// calibration line, which are none of it; odd lines of the volume are read backwards, and the plane's centre
// of k-space is line 1, so that its first line was never sampled. Neither says how it lies in the patient.
//
// blobs is a scan with an image, oblique in the patient, that the test also writes in the other formats;
// stack are three planes with gaps between them.

#include <ismrmrd/dataset.h>
#include <ismrmrd/ismrmrd.h>

#include <cmath>
#include <complex>
#include <cstdio>
#include <string>

namespace {

std::string header(int x, int y, int z, int wanted_x, int centre_y) {
  const auto size = [](int a, int b, int c) {
    return "<matrixSize><x>" + std::to_string(a) + "</x><y>" + std::to_string(b) + "</y><z>" +
           std::to_string(c) +
           "</z></matrixSize><fieldOfView_mm><x>40</x><y>60</y><z>20</z></fieldOfView_mm>";
  };
  return "<?xml version=\"1.0\"?><ismrmrdHeader "
         "xmlns=\"http://www.ismrm.org/ISMRMRD\"><experimentalConditions>"
         "<H1resonanceFrequency_Hz>123000000</H1resonanceFrequency_Hz></"
         "experimentalConditions><encoding><encodedSpace>" +
         size(x, y, z) + "</encodedSpace><reconSpace>" + size(wanted_x, y, z) +
         "</reconSpace><encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>" +
         std::to_string(y - 1) + "</maximum><center>" + std::to_string(centre_y) +
         "</center></kspace_encoding_step_1></encodingLimits><trajectory>cartesian</trajectory></encoding></"
         "ismrmrdHeader>";
}

void write(const char* name, int nx, int ny, int nz, int wanted_x, int slices, int centre_y, bool reverses) {
  std::remove(name);
  ISMRMRD::Dataset file(name, "dataset", true);
  file.writeHeader(header(nx, ny, nz, wanted_x, centre_y));
  const auto append = [&](int y, int z, int slice, int contrast, int flag, bool reversed) {
    ISMRMRD::Acquisition a(nx, 2, 0);
    a.center_sample() = nx / 2;
    a.idx().kspace_encode_step_1 = y;
    a.idx().kspace_encode_step_2 = z;
    a.idx().slice = slice;
    a.idx().contrast = contrast;
    if (flag) a.setFlag(flag);
    if (reversed) a.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
    for (int c = 0; c < 2; ++c)
      for (int i = 0; i < nx; ++i) {
        const int kx = i - nx / 2, ky = y - centre_y, kz = nz > 1 ? z - nz / 2 : slice;
        a.data(reversed ? nx - 1 - i : i, c) = {1.0f + c + 10 * contrast + .1f * kx, ky + .01f * kz};
        if (flag) a.data(i, c) = {-99, -99};
      }
    file.appendAcquisition(a);
  };
  append(0, 0, 0, 0, ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT, false);
  append(0, 0, 0, 0, ISMRMRD::ISMRMRD_ACQ_IS_NAVIGATION_DATA, false);
  append(0, 0, 0, 0, ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION, false);
  for (int e = 0; e < 2; ++e)
    for (int s = 0; s < slices; ++s)
      for (int z = 0; z < nz; ++z)
        for (int y = 0; y < ny && y - centre_y < ny / 2; ++y) append(y, z, s, e, 0, reverses && y % 2);
}

/// Three Gaussian blobs, each seen by each coil with another weight; the test has the same formula.
std::complex<double> blobs(int coil, double kx, double ky, double kz) {
  const double pi = 3.14159265358979323846;
  const double centre[3][3] = {{-1.5, 1, .5}, {1, -2, 1}, {.5, 2.5, -2}}, width[3] = {1.2, .8, 1};
  std::complex<double> sum = 0;
  for (int b = 0; b < 3; ++b) {
    const double u = kx / 16, v = ky / 12, w = kz / 10;
    const double decay = std::exp(-2 * std::pow(pi * width[b], 2) * (u * u + v * v + w * w));
    const double phase = -2 * pi * (u * centre[b][0] + v * centre[b][1] + w * centre[b][2]);
    const std::complex<double> weight = std::polar(1 / (1. + std::abs(b - coil)), .7 * coil - .4 * b);
    sum += weight * decay * std::polar(1., phase);
  }
  return sum;
}

/// A rotation by 30 degrees about the third axis and 20 about the first.
void place(ISMRMRD::Acquisition& a, double along_slice) {
  const double c = std::cos(.5235987755982988), s = std::sin(.5235987755982988);
  const double d = std::cos(.3490658503988659), t = std::sin(.3490658503988659);
  const double read[3] = {c, s * d, s * t}, phase[3] = {-s, c * d, c * t}, slice[3] = {0, -t, d};
  const double centre[3] = {12, -34, 56};
  for (int i = 0; i < 3; ++i) {
    a.read_dir()[i] = float(read[i]);
    a.phase_dir()[i] = float(phase[i]);
    a.slice_dir()[i] = float(slice[i]);
    a.position()[i] = float(centre[i] + along_slice * slice[i]);
  }
}

void write_blobs() {
  const char* name = "blobs.ismrmrd.h5";
  std::remove(name);
  ISMRMRD::Dataset file(name, "dataset", true);
  file.writeHeader(header(16, 12, 10, 8, 6));
  for (int z = 0; z < 10; ++z)
    for (int y = 0; y < 12; ++y) {
      ISMRMRD::Acquisition a(16, 3, 0);
      a.center_sample() = 8;
      a.idx().kspace_encode_step_1 = y;
      a.idx().kspace_encode_step_2 = z;
      place(a, 0);
      for (int c = 0; c < 3; ++c)
        for (int x = 0; x < 16; ++x) a.data(x, c) = std::complex<float>(blobs(c, x - 8, y - 6, z - 5));
      file.appendAcquisition(a);
    }
}

void write_stack() {
  const char* name = "stack.ismrmrd.h5";
  std::remove(name);
  ISMRMRD::Dataset file(name, "dataset", true);
  file.writeHeader(header(8, 4, 1, 4, 2));
  for (int s = 0; s < 3; ++s)
    for (int y = 0; y < 4; ++y) {
      ISMRMRD::Acquisition a(8, 1, 0);
      a.center_sample() = 4;
      a.idx().kspace_encode_step_1 = y;
      a.idx().slice = s;
      place(a, -25. * (s - 1));  // the other way round than slice_dir, and further apart than they are thick
      for (int x = 0; x < 8; ++x) a.data(x, 0) = {float(1 + s + x), float(y)};
      file.appendAcquisition(a);
    }
}

}  // namespace

int main() {
  write_blobs();
  write_stack();
  write("plane.ismrmrd.h5", 8, 4, 1, 4, 2, 1, false);
  write("volume.ismrmrd.h5", 8, 4, 3, 4, 1, 2, true);
}
