// Reads images that danaus-mri wrote with the reference library (Debian: libismrmrd-dev 1.8), and prints
// them:
//
//     g++ -std=c++17 read_ismrmrd_image.cpp $(pkg-config --cflags hdf5) -lismrmrd -o read_ismrmrd_image
//     danaus-mri reconstruct --data blobs.ismrmrd.h5 --maps maps.h5 --format ismrmrd --out image.h5
//     ./read_ismrmrd_image image.h5

#include <ismrmrd/dataset.h>
#include <ismrmrd/ismrmrd.h>
#include <ismrmrd/meta.h>

#include <complex>
#include <cstdio>

int main(int, char** arguments) {
  ISMRMRD::Dataset file(arguments[1], "dataset", false);
  const auto count = file.getNumberOfImages("image_0");
  std::printf("%u images\n", unsigned(count));
  for (unsigned i = 0; i < count; ++i) {
    ISMRMRD::Image<std::complex<float>> image;
    file.readImage("image_0", i, image);
    ISMRMRD::MetaContainer meta;
    ISMRMRD::deserialize(image.getAttributeString(), meta);
    double sum = 0;
    for (const auto& value : image) sum += std::norm(value);
    std::printf("%u: slice %d contrast %d, %dx%dx%d, channels %d, field %g %g %g mm, energy %.9g, %s\n", i,
                image.getSlice(), image.getContrast(), image.getMatrixSizeX(), image.getMatrixSizeY(),
                image.getMatrixSizeZ(), image.getNumberOfChannels(), image.getFieldOfViewX(),
                image.getFieldOfViewY(), image.getFieldOfViewZ(), sum, meta.as_str("created_by"));
    std::printf("   position %g %g %g, read %g %g %g, phase %g %g %g, slice %g %g %g, orientation %s\n",
                image.getPositionX(), image.getPositionY(), image.getPositionZ(), image.getReadDirectionX(),
                image.getReadDirectionY(), image.getReadDirectionZ(), image.getPhaseDirectionX(),
                image.getPhaseDirectionY(), image.getPhaseDirectionZ(), image.getSliceDirectionX(),
                image.getSliceDirectionY(), image.getSliceDirectionZ(), meta.as_str("orientation"));
  }
}
