int shelf_first(void) { return 1; }
#ifndef OLD
int shelf_second(void) { return 2; }
#endif
